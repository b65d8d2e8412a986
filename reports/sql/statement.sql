-- Account statement
-- Everything that moved a holder's budgets, in order of day, with what remained after each.
-- holder VARCHAR: the holder, by code or by name (must be given)
-- budget VARCHAR: only budgets of this rule (default: all)
-- window VARCHAR: only this window, or this step of one (default: all)
-- from_on DATE: first day shown; what came before is in the opening row (default: all)
-- exporter VARCHAR: only this exporter's own lines; what remains counts everybody's (default: all)
-- as_of DATE: last day counted (default: today)
-- known_seq BIGINT: last movement known (default: all)
-- options: cap_basis tally_country unused_licence return_or_loss_credit reexport_country_effect
-- options: in_country_transfer lpp_year lpp_after_acquisition exceptions_count
-- options: licences_before_compliance group_change enforcement_view parent_rule
-- first: effective_on seq kind remaining_mtpp posted_mtpp held_mtpp document window
-- first: adjustment_mtpp tally budget limit_mtpp line consignee quantity lapsed_mtpp
-- first: pending_mtpp chip
with known as (
    select coalesce(max(submission), 0) as submission
    from submission
    where first_seq <= coalesce(getvariable('known_seq')::bigint, 9223372036854775807)
),
-- A stepped limit is what its step of the day says; a budget without steps is a step of its own.
-- What is dated before the first step stands under that one.
stepped as (
    select
        budget_no,
        step,
        limit_mtpp,
        from_on,
        limit_mtpp - lag(limit_mtpp) over steps as rise_mtpp,
        case when rise_mtpp is null then '0001-01-01'::date else from_on end as since_on,
        coalesce(lead(from_on) over steps - 1, '9999-12-31'::date) as until_on
    from budget_step
    window steps as (partition by budget_no order by from_on)
    union all
    select budget_no, "window", limit_mtpp, from_on, null, '0001-01-01'::date, '9999-12-31'::date
    from budget
    where budget_no not in (select budget_no from budget_step)
),
-- Days before `opens_on` are the opening row; `last_on` is the last day counted.
account as (
    select
        b.budget_no,
        b.rule,
        b.holder,
        b."window",
        coalesce(
            greatest(getvariable('from_on')::date, one.from_on),
            getvariable('from_on')::date,
            one.from_on
        ) as shown_from_on,
        coalesce(shown_from_on, b.from_on) as opens_on,
        least(
            coalesce(getvariable('as_of')::date, current_date),
            coalesce(one.until_on, '9999-12-31'::date)
        ) as last_on
    from budget b
    cross join known
    left join stepped one on one.budget_no = b.budget_no
        and one.step = getvariable('window')::varchar
        and one.step <> b."window"
        and one.from_on <= coalesce(getvariable('as_of')::date, current_date)
    where b.submission <= known.submission
        and held_by(b.holder, b.holder_name, getvariable('holder')::varchar)
        and (getvariable('budget') is null or b.rule = getvariable('budget')::varchar)
        and (
            getvariable('window') is null
            or getvariable('window')::varchar in (b."window", one.step)
        )
),
moved as (
    select
        e.budget_no,
        e.seq,
        e.official,
        e.kind,
        e.effective_on,
        e.adjustment_mtpp,
        e.held_mtpp,
        e.posted_mtpp,
        e.lapsed_mtpp,
        e.pending_mtpp,
        case when e.official = 1
            then e.adjustment_mtpp - e.held_mtpp - e.posted_mtpp - e.lapsed_mtpp else 0
        end as change_mtpp,
        coalesce(e.effective_on < a.shown_from_on, false) as before
    from entry e
    join account a using (budget_no)
    where e.effective_on <= a.last_on
        and e.seq <= coalesce(getvariable('known_seq')::bigint, 9223372036854775807)
),
-- Days before the first shown are one row, as is the end; place keeps the three apart.
line as (
    select
        a.budget_no,
        0 as place,
        null::bigint as seq,
        1 as official,
        'opening' as kind,
        a.opens_on as effective_on,
        coalesce(sum(m.adjustment_mtpp) filter (m.official = 1), 0) as adjustment_mtpp,
        coalesce(sum(m.held_mtpp) filter (m.official = 1), 0) as held_mtpp,
        coalesce(sum(m.posted_mtpp) filter (m.official = 1), 0) as posted_mtpp,
        coalesce(sum(m.lapsed_mtpp) filter (m.official = 1), 0) as lapsed_mtpp,
        coalesce(sum(m.pending_mtpp) filter (m.official = 1), 0) as pending_mtpp,
        any_value(st.limit_mtpp) + coalesce(sum(m.change_mtpp), 0) as change_mtpp
    from account a
    join stepped st on st.budget_no = a.budget_no
        and a.opens_on between st.since_on and st.until_on
    left join moved m on m.budget_no = a.budget_no and m.before
    group by a.budget_no, a.opens_on
    union all
    select
        budget_no, 1, seq, official, kind, effective_on, adjustment_mtpp, held_mtpp,
        posted_mtpp, lapsed_mtpp, pending_mtpp, change_mtpp
    from moved
    where not before
    union all
    -- A day on which the limit steps begins with that.
    select a.budget_no, 1, null, 1, 'step', st.since_on, 0, 0, 0, 0, 0, st.rise_mtpp
    from account a
    join stepped st on st.budget_no = a.budget_no
        and st.since_on > a.opens_on
        and st.since_on <= a.last_on
    union all
    select
        a.budget_no,
        2,
        null,
        1,
        'closing',
        a.last_on,
        coalesce(sum(m.adjustment_mtpp) filter (m.official = 1), 0),
        coalesce(sum(m.held_mtpp) filter (m.official = 1), 0),
        coalesce(sum(m.posted_mtpp) filter (m.official = 1), 0),
        coalesce(sum(m.lapsed_mtpp) filter (m.official = 1), 0),
        coalesce(sum(m.pending_mtpp) filter (m.official = 1), 0),
        0
    from account a
    left join moved m on m.budget_no = a.budget_no
    group by a.budget_no, a.last_on
),
running as (
    select
        line.*,
        sum(change_mtpp) over (
            partition by budget_no
            order by place, effective_on, seq nulls first, official desc
            rows between unbounded preceding and current row
        ) as remaining_mtpp
    from line
)
select
    a.holder,
    a.rule as budget,
    st.step as "window",
    r.effective_on,
    r.seq,
    r.kind,
    case when r.official = 1 then 'official' else 'safe side' end as tally,
    m.document,
    m.line,
    exporter.name as exporter,
    consignee.name as consignee,
    m."authorization",
    m.licence,
    m.chip,
    m.quantity,
    st.limit_mtpp,
    r.adjustment_mtpp::bigint as adjustment_mtpp,
    r.held_mtpp::bigint as held_mtpp,
    r.posted_mtpp::bigint as posted_mtpp,
    r.lapsed_mtpp::bigint as lapsed_mtpp,
    r.pending_mtpp::bigint as pending_mtpp,
    r.remaining_mtpp::bigint as remaining_mtpp
from running r
join account a using (budget_no)
join stepped st on st.budget_no = r.budget_no
    and r.effective_on between st.since_on and st.until_on
left join movement m on m.seq = r.seq
left join party exporter on exporter.party_no = m.exporter_no
left join party consignee on consignee.party_no = m.consignee_no
-- Acts on the budget have no exporter; opening, steps and closing have no movement.
where getvariable('exporter') is null
    or m.exporter_no is null
    or folded(exporter.name) = folded(getvariable('exporter')::varchar)
order by a.rule, a."window", a.budget_no, r.place, r.effective_on, r.seq nulls first,
    r.official desc;
