-- Shipments of parts that replace others, one for one: how many of the shipment they replace parts
-- of were replaced by then, how many of it are back or destroyed, and since when those are enough.
-- Of several replacements of one shipment's parts the earliest are covered first.
CREATE OR REPLACE MACRO replacements(until_day, until_seq) AS TABLE
with told as materialized (
    select key, value from adopted(until_seq) where topic = 'duty'
),
duty as (
    select key, unnest(json_extract(value, '$.authorizations')::varchar[]) as code
    from told
    where json_extract_string(value, '$.how') = 'replaced'
),
replacing as materialized (
    select
        duty.key as duty,
        m.seq,
        m.source,
        m.effective_on,
        json_extract_string(m.details, '$.shipment') as replaces,
        coalesce(json_extract_string(m.details, '$.shipment_line'), '1') as replaces_line,
        sum(m.quantity) over (
            partition by m.source, replaces, replaces_line order by m.effective_on, m.seq
        )::bigint as units
    from standing(until_day, until_seq) m
    join duty on duty.code = m."authorization"
    where m.kind in ('export', 'reexport', 'in_country_transfer', 'export_from_abroad')
        and m."authorization" in (select code from duty)
),
-- The last one, where several have that document and line.
matched as materialized (
    select r.seq, max(s.seq) as shipped_seq
    from replacing r
    join standing(until_day, until_seq) s on s.source = r.source
        and s.document = r.replaces
        and s.line = r.replaces_line
    where s.kind in ('export', 'reexport', 'in_country_transfer', 'export_from_abroad')
        -- Asked first: of a large ledger few are.
        and s.document in (select replaces from replacing)
    group by r.seq
),
back as (
    select
        target_seq,
        document,
        effective_on,
        sum(quantity) over (
            partition by target_seq order by effective_on, seq
        )::bigint as units
    from standing(until_day, until_seq)
    where kind in ('return', 'attrition')
        and target_seq in (select shipped_seq from matched)
)
select
    r.duty,
    r.seq,
    r.replaces,
    r.replaces_line,
    m.shipped_seq,
    r.units,
    coalesce(max(back.units), 0) as back_units,
    min(back.effective_on) filter (back.units >= r.units) as covered_on,
    min_by(back.document, back.units) filter (back.units >= r.units) as covered_by
from replacing r
left join matched m on m.seq = r.seq
left join back on back.target_seq = m.shipped_seq
group by r.duty, r.seq, r.replaces, r.replaces_line, m.shipped_seq, r.units;
