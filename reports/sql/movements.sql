-- Movements
-- Which movements are on record, by party, document, day, kind, authorization or flag?
-- as_of DATE: last day counted (default: the last there is)
-- known_seq BIGINT: last movement known (default: all)
-- from_on DATE: first day counted (default: all)
-- party VARCHAR: part of the name of exporter, consignee or parent (default: all)
-- document VARCHAR: only this document (default: all)
-- licence VARCHAR: only under this licence (default: all)
-- destination VARCHAR: only this destination, by ISO code (default: all)
-- kind VARCHAR: only this kind (default: all)
-- authorization VARCHAR: only under this authorization (default: all)
-- flag VARCHAR: only with this finding (default: all)
-- submission BIGINT: only of this submission (default: all)
-- limit BIGINT: at most so many, the latest recorded (default: all)
-- first: seq effective_on kind document exporter consignee destination amount_mtpp flags
-- first: authorization reversed_by_seq line quantity licence target_seq chip
with named as (
    select party_no
    from party
    where contains(lower(name), lower(getvariable('party')::varchar))
),
chosen as (
    select m.*
    from movement m
    where m.seq <= coalesce(getvariable('known_seq')::bigint, 9223372036854775807)
        and (getvariable('as_of') is null or m.effective_on <= getvariable('as_of')::date)
        and (getvariable('from_on') is null or m.effective_on >= getvariable('from_on')::date)
        and (getvariable('document') is null or m.document = getvariable('document')::varchar)
        and (getvariable('licence') is null or m.licence = getvariable('licence')::varchar)
        and (
            getvariable('destination') is null
            or m.destination = getvariable('destination')::varchar
        )
        and (getvariable('kind') is null or m.kind = getvariable('kind')::varchar)
        and (
            getvariable('authorization') is null
            or m."authorization" = getvariable('authorization')::varchar
        )
        and (
            getvariable('submission') is null
            or m.submission = getvariable('submission')::bigint
        )
        and (
            getvariable('party') is null
            or m.exporter_no in (select party_no from named)
            or m.consignee_no in (select party_no from named)
            or m.parent_no in (select party_no from named)
        )
        and (
            getvariable('flag') is null
            or m.seq in (select seq from finding where code = getvariable('flag')::varchar)
        )
    order by m.seq desc
    limit coalesce(getvariable('limit')::bigint, 9223372036854775807)
),
flagged as (
    select seq, string_agg(code, ' ' order by ordinal) as flags
    from finding
    where seq in (select seq from chosen)
    group by seq
),
-- A reversal that was itself reversed stands no longer: what it had reversed is restored.
reversal as (
    select seq, target_seq
    from movement
    where kind = 'reversal'
        and seq <= coalesce(getvariable('known_seq')::bigint, 9223372036854775807)
),
undone as (
    select target_seq, max(seq) as seq
    from reversal
    where target_seq in (select seq from chosen)
        and seq not in (select target_seq from reversal)
    group by target_seq
)
select
    c.seq,
    c.effective_on,
    c.kind,
    c.source,
    c.document,
    c.line,
    c.attempt,
    exporter.name as exporter,
    consignee.name as consignee,
    parent.name as parent,
    c.consignee_hq,
    c.parent_hq,
    c.destination,
    c."authorization",
    c.licence,
    c.licence_line,
    c.expires_on,
    c.chip,
    c.quantity,
    c.unit_mtpp,
    c.amount_mtpp,
    coalesce(f.flags, '') as flags,
    c.target_seq,
    undone.seq as reversed_by_seq,
    c.submission,
    s.recorded_at,
    s.actor,
    c.details
from chosen c
left join flagged f on f.seq = c.seq
left join undone on undone.target_seq = c.seq
left join submission s on s.submission = c.submission
left join party exporter on exporter.party_no = c.exporter_no
left join party consignee on consignee.party_no = c.consignee_no
left join party parent on parent.party_no = c.parent_no
order by c.seq;
