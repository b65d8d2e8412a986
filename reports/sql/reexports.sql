-- Reexports to be reported
-- What did each reexporter send on, to whom, where, how many and worth what: the lines of each
-- report that falls due of them?
-- as_of DATE: last day counted (default: today)
-- known_seq BIGINT: last movement known (default: all)
-- from_on DATE: first day counted (default: all)
-- due_on DATE: only the report due on this day (default: all)
-- party VARCHAR: only reexporters with this in their name (default: all)
-- authorization VARCHAR: only under this authorization (default: all)
-- duty VARCHAR: only for this kind of duty (default: all)
-- options: enforcement_view
-- first: due_on reexporter consignee destination chip eccn quantity value_usd reexported_on
-- first: document consignee_address line amount_mtpp authorization period_from_on period_to_on
-- first: duty_id
with told as materialized (
    select key, value
    from adopted(coalesce(getvariable('known_seq')::bigint, 9223372036854775807))
    where topic = 'duty'
        and (getvariable('duty') is null or key = getvariable('duty')::varchar)
),
duty as (
    select
        key as duty,
        json_extract(value, '$.authorizations')::varchar[] as authorizations,
        json_extract_string(value, '$.from_on')::date as from_on,
        unnest(from_json(value, '{"dues":[{"month":"BIGINT","day":"BIGINT",
            "last_month":"BIGINT","months":"BIGINT","citation":"VARCHAR"}]}').dues) as due
    from told
    where json_extract_string(value, '$.how') = 'yearly'
        and list_contains(json_extract(value, '$.who')::varchar[], 'reexporter')
),
-- A move between countries is one in law.
sent as (
    select m.*
    from standing(
        coalesce(getvariable('as_of')::date, current_date),
        coalesce(getvariable('known_seq')::bigint, 9223372036854775807)
    ) m
    where (
            m.kind = 'reexport'
            or m.kind = 'transfer_out'
            and json_extract_string(m.details, '$.from_country') <> m.destination
        )
        and (getvariable('from_on') is null or m.effective_on >= getvariable('from_on')::date)
        and (
            getvariable('authorization') is null
            or m."authorization" = getvariable('authorization')::varchar
        )
),
-- The report of the months that a day is in: due that year, or the next.
falling as (
    select
        sent.seq,
        duty.duty,
        duty.due.citation as citation,
        make_date(y, duty.due.month, duty.due.day) as due_on,
        make_date(
            y - case when duty.due.last_month >= duty.due.month then 1 else 0 end,
            duty.due.last_month, 1
        ) + interval 1 month as ends,
        (ends - to_months(duty.due.months::integer))::date as period_from_on,
        (ends - interval 1 day)::date as period_to_on
    from sent
    join duty on list_contains(duty.authorizations, sent."authorization")
        and sent.effective_on >= duty.from_on
    cross join range(0, 2) later(n)
    cross join lateral (select year(sent.effective_on) + n as y) years
    where sent.effective_on between period_from_on and period_to_on
),
named as (
    select key as country, max(value) as name
    from adopted(coalesce(getvariable('known_seq')::bigint, 9223372036854775807))
    where topic = 'country'
    group by key
)
select
    f.due_on,
    exporter.name as reexporter,
    coalesce(consignee.name, json_extract_string(m.details, '$.owner')) as consignee,
    json_extract_string(m.details, '$.consignee_address') as consignee_address,
    m.destination,
    named.name,
    m.chip,
    json_extract_string(m.details, '$.eccn') as eccn,
    m.quantity,
    (m.quantity * m.unit_value_cents)::bigint * 0.01::decimal(3, 2) as value_usd,
    m.amount_mtpp,
    m.effective_on as reexported_on,
    m.document,
    m.line,
    m."authorization",
    f.period_from_on,
    f.period_to_on,
    f.duty,
    f.duty || '-' || left(md5(concat_ws(chr(31), folded(exporter.name), f.due_on)), 12) as duty_id,
    f.citation,
    m.seq
from falling f
join sent m on m.seq = f.seq
left join party exporter on exporter.party_no = m.exporter_no
left join party consignee on consignee.party_no = m.consignee_no
left join named on named.country = m.destination
where (getvariable('due_on') is null or f.due_on = getvariable('due_on')::date)
    and (getvariable('party') is null
        or contains(lower(exporter.name), lower(getvariable('party')::varchar)))
order by f.due_on, lower(exporter.name), m.effective_on, m.seq, f.duty;
