-- Late movements
-- What was recorded after a quarter's close with a day of that quarter, and what did it change?
-- as_of DATE: last day of the quarter (default: today)
-- from_on DATE: first day of the quarter (default: that of the quarter as_of is in)
-- since_seq BIGINT: only what was recorded after this (default: the quarter's close)
-- known_seq BIGINT: last movement known (default: all)
-- options: cap_basis tally_country unused_licence return_or_loss_credit reexport_country_effect
-- options: in_country_transfer lpp_year lpp_after_acquisition exceptions_count
-- first: seq effective_on kind document consignee name change_mtpp recorded_at reversed_by_seq
with span as (
    select
        coalesce(getvariable('as_of')::date, current_date) as to_on,
        coalesce(
            getvariable('from_on')::date,
            date_trunc('quarter', coalesce(getvariable('as_of')::date, current_date))::date
        ) as from_on,
        coalesce(getvariable('known_seq')::bigint, 9223372036854775807) as known_seq
),
reversal as (
    select m.seq, m.target_seq
    from movement m
    cross join span
    where m.kind = 'reversal' and m.seq <= span.known_seq
),
-- A reversal that was itself reversed stands no longer: what it had reversed is restored.
standing as (
    select seq, target_seq
    from reversal
    where seq not in (select target_seq from reversal)
),
-- A quarter that was never closed has nothing late.
closing as (
    select coalesce(getvariable('since_seq')::bigint, max(m.seq), any_value(span.known_seq)) as seq
    from span
    left join movement m on m.kind = 'quarter_close'
        and m.effective_on = span.to_on
        and m.seq <= span.known_seq
        and m.seq not in (select target_seq from standing)
),
-- To undo the close of a quarter, or to restore it, is an act on the books.
about_books as (
    select r.seq
    from reversal r
    left join reversal first on first.seq = r.target_seq
    join movement m on m.seq = coalesce(first.target_seq, r.target_seq)
    where m.kind = 'quarter_close'
),
late as (
    select m.*
    from movement m
    cross join span
    cross join closing
    anti join about_books on about_books.seq = m.seq
    where m.effective_on between span.from_on and span.to_on
        and m.seq > closing.seq
        and m.seq <= span.known_seq
        and m.kind not in ('quarter_close', 'adoption', 'refusal')
),
undone as (
    select target_seq, max(seq) as seq
    from standing
    where target_seq in (select seq from late)
    group by target_seq
)
select
    l.seq,
    s.recorded_at,
    s.actor,
    l.effective_on,
    l.kind,
    l.source,
    l.document,
    l.line,
    exporter.name as exporter,
    consignee.name as consignee,
    l.destination,
    l."authorization",
    l.licence,
    l.amount_mtpp,
    b.holder,
    b.holder_name as name,
    b.rule as budget,
    b."window",
    case when e.official = 1 then 'official' when e.official = 0 then 'safe side' else '' end
        as tally,
    e.adjustment_mtpp,
    e.pending_mtpp,
    e.held_mtpp,
    e.posted_mtpp,
    e.lapsed_mtpp,
    e.adjustment_mtpp - e.held_mtpp - e.posted_mtpp - e.lapsed_mtpp as change_mtpp,
    l.target_seq,
    undone.seq as reversed_by_seq
from late l
left join submission s on s.submission = l.submission
left join entry e on e.seq = l.seq
left join budget b on b.budget_no = e.budget_no
left join undone on undone.target_seq = l.seq
left join party exporter on exporter.party_no = l.exporter_no
left join party consignee on consignee.party_no = l.consignee_no
order by l.seq, e.budget_no, e.official desc;
