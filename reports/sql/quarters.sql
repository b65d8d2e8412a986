-- Closed quarters
-- Which quarters were closed, when and by whom, with which digest, and what came late?
-- as_of DATE: only quarters that ended by that day (default: all)
-- known_seq BIGINT: last movement known (default: all)
-- first: quarter state closed_seq recorded_at late_movements actor reported_seq
with reversal as (
    select seq, target_seq
    from movement
    where kind = 'reversal'
        and seq <= coalesce(getvariable('known_seq')::bigint, 9223372036854775807)
),
closing as (
    select
        m.document as quarter,
        m.seq as closed_seq,
        m.submission,
        date_trunc('quarter', m.effective_on)::date as from_on,
        m.effective_on as to_on,
        json_extract_string(m.details, '$.known_seq')::bigint as reported_seq,
        json_extract_string(m.details, '$.report') as report_digest,
        r.seq as reopened_seq
    from movement m
    left join reversal r on r.target_seq = m.seq
        and r.seq not in (select target_seq from reversal)
    where m.kind = 'quarter_close'
        and (getvariable('as_of') is null or m.effective_on <= getvariable('as_of')::date)
        and m.seq <= coalesce(getvariable('known_seq')::bigint, 9223372036854775807)
),
-- To undo the close of a quarter, or to restore it, is an act on the books: late for none.
about_books as (
    select r.seq
    from reversal r
    left join reversal first on first.seq = r.target_seq
    join movement m on m.seq = coalesce(first.target_seq, r.target_seq)
    where m.kind = 'quarter_close'
),
late as (
    select c.closed_seq, count(*) as movements
    from closing c
    join movement m on m.effective_on between c.from_on and c.to_on
        and m.seq > c.closed_seq
    anti join about_books on about_books.seq = m.seq
    where m.seq <= coalesce(getvariable('known_seq')::bigint, 9223372036854775807)
        and m.kind not in ('quarter_close', 'adoption', 'refusal')
    group by c.closed_seq
)
select
    c.quarter,
    c.from_on,
    c.to_on,
    case when c.reopened_seq is null then 'closed' else 'reopened' end as state,
    c.closed_seq,
    s.recorded_at,
    s.actor,
    c.reported_seq,
    c.report_digest,
    coalesce(late.movements, 0) as late_movements,
    c.reopened_seq
from closing c
left join submission s on s.submission = c.submission
left join late on late.closed_seq = c.closed_seq
order by c.quarter, c.closed_seq;
