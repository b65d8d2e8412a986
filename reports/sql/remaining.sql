-- Remaining allowance
-- What remains of each holder's allowance in each window, and since when is it critical?
-- as_of DATE: last day counted (default: today)
-- known_seq BIGINT: last movement known (default: all)
-- holder VARCHAR: only this holder, by code or by name (default: all)
-- budget VARCHAR: only budgets of this rule (default: all)
-- window VARCHAR: only this window (default: all)
-- status VARCHAR: only holders of status: closed, future, suspended, blocked, over, exhausted,
--     critical, open (default: all)
-- options: cap_basis tally_country straddle unused_licence return_or_loss_credit
-- options: reexport_country_effect in_country_transfer lpp_d1_d4 lpp_year lpp_after_acquisition
-- options: exceptions_count licences_before_compliance group_change system_tpp tf32_bits
-- options: enforcement_view parent_rule
-- first: name window remaining_mtpp used_percent status limit_mtpp budget shipped_mtpp held_mtpp
-- first: licensed_mtpp h100_equivalents adjustments_mtpp pending_mtpp first_critical_on
with known as (
    select coalesce(max(submission), 0) as submission
    from submission
    where first_seq <= coalesce(getvariable('known_seq')::bigint, 9223372036854775807)
),
adoption as (
    select coalesce(
        max(case when about.submission <= known.submission then about.submission end),
        min(about.submission)
    ) as submission
    from about cross join known
),
-- What the regime says on that day: of each key the latest that has begun.
said as (
    select
        topic,
        key,
        value,
        row_number() over (partition by topic, key order by from_on desc nulls last) as nth
    from about
    join adoption using (submission)
    where from_on is null or from_on <= coalesce(getvariable('as_of')::date, current_date)
),
-- What moved, added up by day as far as the roll-ups reach; beyond the last of them that
-- `known_seq` does not cut, the entries themselves.
moved as not materialized (
    select
        budget_no, official, as_kind, effective_on,
        adjustment_mtpp, pending_mtpp, held_mtpp, posted_mtpp, lapsed_mtpp
    from entry_day
    where effective_on <= coalesce(getvariable('as_of')::date, current_date)
        and last_seq <= coalesce(getvariable('known_seq')::bigint, 9223372036854775807)
    union all
    select
        budget_no, official, as_kind, effective_on,
        adjustment_mtpp, pending_mtpp, held_mtpp, posted_mtpp, lapsed_mtpp
    from entry
    where effective_on <= coalesce(getvariable('as_of')::date, current_date)
        and seq <= coalesce(getvariable('known_seq')::bigint, 9223372036854775807)
        and seq > rolled_up_to(
            coalesce(getvariable('known_seq')::bigint, 9223372036854775807)
        )
),
-- `back_mtpp` is what was given back.
drawn as (
    select
        budget_no,
        official,
        sum(posted_mtpp)::bigint as posted_mtpp,
        sum(held_mtpp)::bigint as held_mtpp,
        sum(posted_mtpp + held_mtpp) filter (as_kind = 'licence')::bigint as licensed_mtpp,
        sum(posted_mtpp + held_mtpp) filter (posted_mtpp + held_mtpp < 0)::bigint as back_mtpp,
        max(effective_on) as last_movement_on
    from moved
    group by budget_no, official
),
-- Few entries have any of these, so they are added up apart.
adjusted as (
    select
        budget_no,
        sum(adjustment_mtpp)::bigint as adjustments_mtpp,
        sum(least(adjustment_mtpp, 0))::bigint as cuts_mtpp
    from moved
    where official = 1 and adjustment_mtpp <> 0
    group by budget_no
),
waiting as (
    select budget_no, sum(pending_mtpp)::bigint as pending_mtpp
    from moved
    where official = 1 and pending_mtpp <> 0
    group by budget_no
),
unused as (
    select
        budget_no,
        sum(lapsed_mtpp)::bigint as lapsed_mtpp,
        sum(greatest(lapsed_mtpp, 0))::bigint as rising_mtpp,
        sum(lapsed_mtpp) filter (as_kind = 'licence')::bigint as licensed_mtpp
    from moved
    where official = 1 and lapsed_mtpp <> 0
    group by budget_no
),
-- A stepped limit is what its step of the day says; `until_on` is the day before the next one's.
steps as (
    select
        budget_no,
        step,
        limit_mtpp,
        from_on,
        coalesce(
            lead(from_on) over (partition by budget_no order by from_on) - 1, '9999-12-31'::date
        ) as until_on,
        min(limit_mtpp) over (partition by budget_no) as least_mtpp
    from budget_step
),
asked as (
    select
        b.budget_no,
        b.rule,
        b.holder,
        b.holder_name,
        coalesce(st.step, b."window") as "window",
        b.from_on,
        b.to_on,
        b.basis,
        coalesce(st.limit_mtpp, b.limit_mtpp) as limit_mtpp,
        coalesce(st.least_mtpp, b.limit_mtpp) as least_limit_mtpp,
        coalesce(
            (select max(value::bigint) from said where topic = 'critical' and key = b.rule
                and nth = 1),
            (select min(value::bigint) from said where topic = 'critical' and nth = 1
                and (key is null or key not in (select rule from budget)))
        ) as critical_ppm
    from budget b
    cross join known
    left join steps st on st.budget_no = b.budget_no
        and coalesce(getvariable('as_of')::date, current_date) between st.from_on and st.until_on
    where b.submission <= known.submission
        -- Running totals and accounts have no limit: the report `accounts` shows them.
        and b.rule not in (
            select key from said where topic = 'kind' and value in ('tally', 'account')
        )
        and held_by(b.holder, b.holder_name, getvariable('holder')::varchar)
        and (getvariable('budget') is null or b.rule = getvariable('budget')::varchar)
        and (
            getvariable('window') is null
            or getvariable('window')::varchar in (b."window", st.step)
        )
),
-- Acts that block or suspend a holder, or end that. A reversal points at what it reverses; one
-- that was itself reversed stands no longer.
act as (
    select
        e.seq,
        e.budget_no,
        e.kind,
        e.effective_on,
        m.target_seq,
        json_extract_string(m.details, '$.until_on')::date as until_on
    from entry e
    join movement m on m.seq = e.seq
    where e.as_kind in ('block', 'unblock', 'suspend', 'reinstate')
        and e.official = 1
        and e.effective_on <= coalesce(getvariable('as_of')::date, current_date)
        and e.seq <= coalesce(getvariable('known_seq')::bigint, 9223372036854775807)
),
latest as (
    select
        budget_no,
        kind,
        until_on,
        row_number() over (
            partition by budget_no, kind in ('block', 'unblock')
            order by effective_on desc, seq desc
        ) as nth
    from act
    where kind <> 'reversal'
        and (until_on is null or until_on >= coalesce(getvariable('as_of')::date, current_date))
        and not exists (
            select 1 from act r
            where r.kind = 'reversal'
                and r.target_seq = act.seq
                and not exists (
                    select 1 from act b where b.kind = 'reversal' and b.target_seq = r.seq
                )
        )
),
standing as (
    select
        budget_no,
        max(case when kind = 'suspend' then 1 else 0 end) as suspended,
        max(case when kind = 'block' then 1 else 0 end) as blocked
    from latest
    where nth = 1
    group by budget_no
),
-- Budgets of countries that joined a list which closes them.
shut as (
    select key
    from said
    where topic = 'closed' and nth = 1 and value = 'yes'
),
figures as (
    select
        asked.*,
        coalesce(a.adjustments_mtpp, 0) as adjustments_mtpp,
        coalesce(d.posted_mtpp, 0) as posted_mtpp,
        coalesce(d.held_mtpp, 0) as held_mtpp,
        coalesce(u.lapsed_mtpp, 0) as lapsed_mtpp,
        coalesce(w.pending_mtpp, 0) as pending_mtpp,
        coalesce(d.licensed_mtpp, 0) + coalesce(u.licensed_mtpp, 0) as licensed_mtpp,
        coalesce(d.posted_mtpp, 0) + coalesce(d.held_mtpp, 0) - coalesce(d.back_mtpp, 0)
            + coalesce(u.rising_mtpp, 0) as most_mtpp,
        asked.least_limit_mtpp + coalesce(a.cuts_mtpp, 0) as least_room_mtpp,
        coalesce(s.posted_mtpp, 0) as unofficial_mtpp,
        asked.limit_mtpp + coalesce(a.adjustments_mtpp, 0) as room_mtpp,
        coalesce(d.posted_mtpp, 0) + coalesce(d.held_mtpp, 0) + coalesce(u.lapsed_mtpp, 0)
            as taken_mtpp,
        case when s.last_movement_on > d.last_movement_on or d.last_movement_on is null
            then s.last_movement_on else d.last_movement_on
        end as last_movement_on
    from asked
    left join drawn d on d.budget_no = asked.budget_no and d.official = 1
    left join drawn s on s.budget_no = asked.budget_no and s.official = 0
    left join adjusted a on a.budget_no = asked.budget_no
    left join waiting w on w.budget_no = asked.budget_no
    left join unused u on u.budget_no = asked.budget_no
),
-- Days need adding up only where the most that was ever taken could reach the least room.
suspect as (
    select budget_no, limit_mtpp, critical_ppm
    from figures
    where most_mtpp::hugeint * 1000000
        >= least_room_mtpp::hugeint * least(coalesce(critical_ppm, 1000000), 1000000)
),
daily as (
    select
        budget_no,
        effective_on,
        sum(posted_mtpp + held_mtpp + lapsed_mtpp)::bigint as taken_mtpp,
        sum(adjustment_mtpp)::bigint as adjustments_mtpp
    from moved
    -- `distinct` only tells DuckDB how few they are: it then reads little besides.
    where official = 1 and budget_no in (select distinct budget_no from suspect)
    group by budget_no, effective_on
    union all
    select budget_no, from_on, 0, 0
    from steps
    where budget_no in (select distinct budget_no from suspect)
        and from_on <= coalesce(getvariable('as_of')::date, current_date)
),
summed as (
    select
        budget_no,
        effective_on,
        sum(taken_mtpp) over days as taken_mtpp,
        sum(adjustments_mtpp) over days as adjustments_mtpp
    from daily
    window days as (
        partition by budget_no order by effective_on
        range between unbounded preceding and current row
    )
),
running as (
    select
        d.budget_no,
        d.effective_on,
        s.critical_ppm,
        d.taken_mtpp,
        coalesce(st.limit_mtpp, s.limit_mtpp) + d.adjustments_mtpp as room_mtpp
    from summed d
    join suspect s on s.budget_no = d.budget_no
    left join steps st on st.budget_no = d.budget_no
        and d.effective_on between st.from_on and st.until_on
),
reached as (
    select
        budget_no,
        min(
            case when taken_mtpp * 1000000 >= room_mtpp * critical_ppm then effective_on end
        ) as first_critical_on,
        min(case when taken_mtpp >= room_mtpp then effective_on end) as first_exhausted_on
    from running
    group by budget_no
),
judged as (
    select
        f.*,
        f.room_mtpp - f.taken_mtpp as remaining_mtpp,
        -- What was taken before the budget began is held against it from that day on.
        case when r.first_critical_on is not null
            and f.from_on <= coalesce(getvariable('as_of')::date, current_date)
            then greatest(r.first_critical_on, f.from_on)
        end as first_critical_on,
        case when r.first_exhausted_on is not null
            and f.from_on <= coalesce(getvariable('as_of')::date, current_date)
            then greatest(r.first_exhausted_on, f.from_on)
        end as first_exhausted_on,
        case
            when f.to_on < coalesce(getvariable('as_of')::date, current_date) then 'closed'
            when shut.key is not null then 'closed'
            when f.from_on > coalesce(getvariable('as_of')::date, current_date) then 'future'
            when s.suspended = 1 then 'suspended'
            when s.blocked = 1 then 'blocked'
            when f.taken_mtpp > f.room_mtpp then 'over'
            when f.taken_mtpp = f.room_mtpp then 'exhausted'
            when f.taken_mtpp::hugeint * 1000000 >= f.room_mtpp::hugeint * f.critical_ppm
                then 'critical'
            else 'open'
        end as status
    from figures f
    left join reached r on r.budget_no = f.budget_no
    left join standing s on s.budget_no = f.budget_no
    left join shut on shut.key = f.rule || ' ' || f.holder
),
h100 as (
    select min(value::bigint) as unit_mtpp
    from said
    where topic = 'h100' and nth = 1
)
select
    j.holder,
    j.holder_name as name,
    j.rule as budget,
    j."window",
    j.limit_mtpp,
    j.adjustments_mtpp,
    j.licensed_mtpp,
    j.posted_mtpp as shipped_mtpp,
    j.held_mtpp,
    j.lapsed_mtpp,
    j.pending_mtpp,
    j.remaining_mtpp,
    j.remaining_mtpp - j.unofficial_mtpp as safe_remaining_mtpp,
    case when j.room_mtpp > 0 then
        (j.taken_mtpp::hugeint * 10000 // j.room_mtpp)::bigint * 0.01::decimal(3, 2)
    end::decimal(18, 2) as used_percent,
    case when j.remaining_mtpp >= 0 then j.remaining_mtpp // h100.unit_mtpp
        else -((h100.unit_mtpp - 1 - j.remaining_mtpp) // h100.unit_mtpp)
    end as h100_equivalents,
    j.status,
    j.first_critical_on,
    j.first_exhausted_on,
    j.last_movement_on,
    j.basis
from judged j
cross join h100
where getvariable('status') is null or j.status = getvariable('status')::varchar
order by j.rule, j."window", j.holder_name, j.budget_no;
