-- Applications
-- What was applied for, what became of it, and how long did it wait?
-- as_of DATE: last day counted (default: today)
-- known_seq BIGINT: last movement known (default: all)
-- application VARCHAR: only this application (default: all)
-- exporter VARCHAR: only those of this exporter (default: all)
-- destination VARCHAR: only for this destination, by ISO code (default: all)
-- state VARCHAR: only in state: pending, approved, in part, denied, returned without action,
--     refused (default: all)
-- options: queue straddle cap_basis tally_country uveu_measure_day uveu_numerator
-- first: application line exporter destination asked_mtpp granted_mtpp state applied_on
-- first: days_pending answered_by short_mtpp answered_on consignee chip quantity reason
with reversal as (
    select seq, target_seq
    from movement
    where kind = 'reversal'
        and seq <= coalesce(getvariable('known_seq')::bigint, 9223372036854775807)
),
-- A reversal that was itself reversed stands no longer: what it had reversed is restored.
undone as (
    select target_seq as seq
    from reversal
    where seq not in (select target_seq from reversal)
),
live as (
    select m.*
    from movement m
    where m.kind in ('application', 'refusal', 'licence', 'denial', 'returned_without_action')
        and m.effective_on <= coalesce(getvariable('as_of')::date, current_date)
        and m.seq <= coalesce(getvariable('known_seq')::bigint, 9223372036854775807)
        and not exists (select 1 from undone where undone.seq = m.seq)
),
-- Of several answers the first counts, and with a licence all its lines that answer.
answering as (
    select target_seq, seq, kind, source, document, effective_on, amount_mtpp
    from live
    where kind not in ('application', 'refusal') and target_seq is not null
),
first_answer as (
    select
        target_seq,
        arg_min(kind, seq) as kind,
        arg_min(source, seq) as source,
        arg_min(document, seq) as document,
        arg_min(effective_on, seq) as effective_on
    from answering
    group by target_seq
),
answer as (
    select
        f.target_seq,
        f.kind,
        f.document,
        f.effective_on,
        sum(a.amount_mtpp)::bigint as amount_mtpp
    from first_answer f
    join answering a on a.target_seq = f.target_seq
        and a.kind = f.kind
        and a.source = f.source
        and a.document = f.document
    group by f.target_seq, f.kind, f.document, f.effective_on
),
-- What is pending for an application may be less than it asks for: option straddle or queue.
pending as (
    select seq, max(pending_mtpp) as pending_mtpp
    from entry
    where kind = 'application' and official = 1 and pending_mtpp > 0
    group by seq
),
sentence as (
    select key as code, max(sentence) as sentence
    from about
    where topic = 'refusal'
    group by key
),
-- Why an application was refused: the weightiest reason, and the most it was short by.
reason as (
    select seq, arg_min(code, ordinal) as code, max(short_mtpp) as short_mtpp
    from finding
    where seq in (select seq from live where kind = 'refusal')
    group by seq
),
judged as (
    select
        m.document as application,
        m.line,
        m.attempt,
        m.seq,
        m.effective_on as applied_on,
        exporter.name as exporter,
        consignee.name as consignee,
        m.destination,
        m.chip,
        m.quantity,
        m.amount_mtpp as asked_mtpp,
        case when m.kind = 'refusal' or a.kind is not null then 0
            else coalesce(p.pending_mtpp, m.amount_mtpp) end as pending_mtpp,
        case when a.kind = 'licence' then a.amount_mtpp else 0 end as granted_mtpp,
        case
            when m.kind = 'refusal' then 'refused'
            when a.kind is null then 'pending'
            when a.kind = 'denial' then 'denied'
            when a.kind = 'returned_without_action' then 'returned without action'
            when a.amount_mtpp < m.amount_mtpp then 'in part'
            else 'approved'
        end as state,
        a.document as answered_by,
        a.effective_on as answered_on,
        case when m.kind <> 'refusal' then
            greatest(
                coalesce(a.effective_on, coalesce(getvariable('as_of')::date, current_date))
                    - m.effective_on,
                0
            )
        end as days_pending,
        r.short_mtpp,
        coalesce(s.sentence, r.code) as reason,
        json_extract_string(m.details, '$.purchase_order') as purchase_order,
        try_cast(json_extract_string(m.details, '$.order_quantity') as bigint) as order_quantity,
        try_cast(json_extract_string(m.details, '$.order_value_usd') as decimal(18, 2))
            as order_value_usd
    from live m
    left join answer a on a.target_seq = m.seq
    left join pending p on p.seq = m.seq
    left join reason r on r.seq = m.seq and m.kind = 'refusal'
    left join sentence s on s.code = r.code
    left join party exporter on exporter.party_no = m.exporter_no
    left join party consignee on consignee.party_no = m.consignee_no
    where m.kind in ('application', 'refusal')
)
select *
from judged
where (getvariable('application') is null or application = getvariable('application')::varchar)
    and (
        getvariable('exporter') is null
        or folded(exporter) = folded(getvariable('exporter')::varchar)
    )
    and (getvariable('destination') is null or destination = getvariable('destination')::varchar)
    and (getvariable('state') is null or state = getvariable('state')::varchar)
order by applied_on, application, line, attempt, seq;
