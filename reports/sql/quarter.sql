-- A quarter
-- What was licensed and shipped in a quarter, and where did each budget stand at its end?
-- as_of DATE: last day of the quarter (default: today)
-- from_on DATE: first day of the quarter (default: that of the quarter as_of is in)
-- known_seq BIGINT: last movement known (default: all)
-- options: cap_basis tally_country unused_licence return_or_loss_credit reexport_country_effect
-- options: in_country_transfer lpp_year lpp_after_acquisition exceptions_count
-- options: licences_before_compliance group_change enforcement_view parent_rule
-- first: name window quarter_licensed_mtpp quarter_shipped_mtpp remaining_mtpp used_percent
-- first: limit_mtpp budget held_mtpp posted_mtpp lapsed_mtpp adjustments_mtpp
with span as (
    select
        coalesce(getvariable('as_of')::date, current_date) as to_on,
        coalesce(
            getvariable('from_on')::date,
            date_trunc('quarter', coalesce(getvariable('as_of')::date, current_date))::date
        ) as from_on,
        coalesce(getvariable('known_seq')::bigint, 9223372036854775807) as known_seq
),
known as (
    select coalesce(max(submission), 0) as submission
    from submission
    cross join span
    where first_seq <= span.known_seq
),
drawn as (
    select
        e.budget_no,
        sum(e.adjustment_mtpp) filter (e.official = 1) as adjustments_mtpp,
        sum(e.pending_mtpp) filter (e.official = 1) as pending_mtpp,
        sum(e.held_mtpp) filter (e.official = 1) as held_mtpp,
        sum(e.posted_mtpp) filter (e.official = 1) as posted_mtpp,
        sum(e.lapsed_mtpp) filter (e.official = 1) as lapsed_mtpp,
        sum(e.posted_mtpp + e.held_mtpp + e.lapsed_mtpp) filter (e.official = 0) as safe_mtpp,
        sum(e.posted_mtpp + e.held_mtpp + e.lapsed_mtpp) filter (
            e.official = 1 and e.as_kind = 'licence' and e.effective_on >= span.from_on
        ) as quarter_licensed_mtpp,
        sum(e.posted_mtpp) filter (
            e.official = 1 and e.effective_on >= span.from_on
        ) as quarter_shipped_mtpp
    from entry e
    cross join span
    where e.effective_on <= span.to_on and e.seq <= span.known_seq
    group by e.budget_no
),
-- A stepped limit is what its step of the quarter's last day says.
stepped as (
    select s.budget_no, s.step, s.limit_mtpp, row_number() over (
        partition by s.budget_no order by s.from_on desc
    ) as nth
    from budget_step s
    cross join span
    where s.from_on <= span.to_on
),
figures as (
    select
        b.budget_no,
        b.rule,
        b.holder,
        b.holder_name,
        coalesce(st.step, b."window") as "window",
        coalesce(st.limit_mtpp, b.limit_mtpp) as limit_mtpp,
        coalesce(d.quarter_licensed_mtpp, 0)::bigint as quarter_licensed_mtpp,
        coalesce(d.quarter_shipped_mtpp, 0)::bigint as quarter_shipped_mtpp,
        coalesce(d.adjustments_mtpp, 0)::bigint as adjustments_mtpp,
        coalesce(d.pending_mtpp, 0)::bigint as pending_mtpp,
        coalesce(d.held_mtpp, 0)::bigint as held_mtpp,
        coalesce(d.posted_mtpp, 0)::bigint as posted_mtpp,
        coalesce(d.lapsed_mtpp, 0)::bigint as lapsed_mtpp,
        coalesce(d.safe_mtpp, 0)::bigint as safe_mtpp,
        (coalesce(st.limit_mtpp, b.limit_mtpp) + coalesce(d.adjustments_mtpp, 0))::bigint
            as room_mtpp,
        (
            coalesce(d.held_mtpp, 0) + coalesce(d.posted_mtpp, 0) + coalesce(d.lapsed_mtpp, 0)
        )::bigint as taken_mtpp
    from budget b
    cross join span
    cross join known
    left join drawn d on d.budget_no = b.budget_no
    left join stepped st on st.budget_no = b.budget_no and st.nth = 1
    where b.submission <= known.submission
        and b.rule not in (select key from about where topic = 'tally')
        and b.from_on <= span.to_on
        and b.to_on >= span.from_on
)
select
    holder,
    holder_name as name,
    rule as budget,
    "window",
    quarter_licensed_mtpp,
    quarter_shipped_mtpp,
    limit_mtpp,
    adjustments_mtpp,
    posted_mtpp,
    held_mtpp,
    lapsed_mtpp,
    pending_mtpp,
    room_mtpp - taken_mtpp as remaining_mtpp,
    room_mtpp - taken_mtpp - safe_mtpp as safe_remaining_mtpp,
    case when room_mtpp > 0 then
        (taken_mtpp::hugeint * 10000 // room_mtpp)::bigint * 0.01::decimal(3, 2)
    end::decimal(18, 2) as used_percent
from figures
order by rule, "window", holder, budget_no;
