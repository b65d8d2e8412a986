-- A quarter restated
-- Which figures of a closed quarter differ by now from those first reported, and by how much?
-- as_of DATE: last day of the quarter (default: today)
-- from_on DATE: first day of the quarter (default: that of the quarter as_of is in)
-- reported_seq BIGINT: last movement known when it was reported (default: that before its close)
-- known_seq BIGINT: last movement known (default: all)
-- every VARCHAR: yes: also the budgets that do not differ (default: no)
-- options: cap_basis tally_country unused_licence return_or_loss_credit reexport_country_effect
-- options: in_country_transfer lpp_year lpp_after_acquisition exceptions_count
-- options: licences_before_compliance group_change enforcement_view parent_rule
-- first: name window reported_remaining_mtpp restated_remaining_mtpp change_mtpp late_movements
-- first: reported_shipped_mtpp restated_shipped_mtpp budget
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
reversal as (
    select m.seq, m.target_seq
    from movement m
    cross join span
    where m.kind = 'reversal' and m.seq <= span.known_seq
),
-- A reversal that was itself reversed stands no longer: the quarter is closed again.
reopened as (
    select target_seq
    from reversal
    where seq not in (select target_seq from reversal)
),
-- Where the quarter was never closed nothing is late.
closing as (
    select
        coalesce(getvariable('reported_seq')::bigint, max(m.seq) - 1, any_value(span.known_seq))
            as reported_seq
    from span
    left join movement m on m.kind = 'quarter_close'
        and m.effective_on = span.to_on
        and m.seq <= span.known_seq
        and m.seq not in (select target_seq from reopened)
),
moved as (
    select
        e.budget_no,
        e.seq,
        e.seq <= closing.reported_seq as reported,
        e.effective_on >= span.from_on as in_quarter,
        e.official,
        e.adjustment_mtpp,
        e.posted_mtpp,
        e.held_mtpp + e.posted_mtpp + e.lapsed_mtpp as taken_mtpp,
        case when e.as_kind = 'licence'
            then e.held_mtpp + e.posted_mtpp + e.lapsed_mtpp else 0 end as licensed_mtpp
    from entry e
    cross join span
    cross join closing
    where e.effective_on <= span.to_on and e.seq <= span.known_seq
),
figures as (
    select
        budget_no,
        sum(licensed_mtpp) filter (reported and in_quarter and official = 1)
            as reported_licensed_mtpp,
        sum(licensed_mtpp) filter (in_quarter and official = 1) as restated_licensed_mtpp,
        sum(posted_mtpp) filter (reported and in_quarter and official = 1)
            as reported_shipped_mtpp,
        sum(posted_mtpp) filter (in_quarter and official = 1) as restated_shipped_mtpp,
        sum(adjustment_mtpp - taken_mtpp) filter (reported and official = 1)
            as reported_change_mtpp,
        sum(adjustment_mtpp - taken_mtpp) filter (official = 1) as restated_change_mtpp,
        sum(-taken_mtpp) filter (not reported and official = 0) as safe_change_mtpp,
        count(distinct seq) filter (not reported) as late_movements
    from moved
    group by budget_no
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
told as (
    select
        b.holder,
        b.holder_name as name,
        b.rule as budget,
        coalesce(st.step, b."window") as "window",
        b.budget_no,
        coalesce(f.reported_licensed_mtpp, 0)::bigint as reported_licensed_mtpp,
        coalesce(f.restated_licensed_mtpp, 0)::bigint as restated_licensed_mtpp,
        coalesce(f.reported_shipped_mtpp, 0)::bigint as reported_shipped_mtpp,
        coalesce(f.restated_shipped_mtpp, 0)::bigint as restated_shipped_mtpp,
        (coalesce(st.limit_mtpp, b.limit_mtpp) + coalesce(f.reported_change_mtpp, 0))::bigint
            as reported_remaining_mtpp,
        (coalesce(st.limit_mtpp, b.limit_mtpp) + coalesce(f.restated_change_mtpp, 0))::bigint
            as restated_remaining_mtpp,
        (coalesce(f.restated_change_mtpp, 0) - coalesce(f.reported_change_mtpp, 0))::bigint
            as change_mtpp,
        coalesce(f.safe_change_mtpp, 0)::bigint as safe_side_change_mtpp,
        coalesce(f.late_movements, 0) as late_movements
    from budget b
    cross join span
    cross join known
    left join figures f on f.budget_no = b.budget_no
    left join stepped st on st.budget_no = b.budget_no and st.nth = 1
    where b.submission <= known.submission
        and b.from_on <= span.to_on and b.to_on >= span.from_on
        and b.rule not in (select key from about where topic = 'tally')
)
select * exclude (budget_no)
from told
where getvariable('every') = 'yes' or late_movements > 0
order by budget, "window", holder, budget_no;
