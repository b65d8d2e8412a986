-- Facility accounts
-- What came to each facility, what went from it, and what is on hand there, chip by chip?
-- as_of DATE: last day counted (default: today)
-- known_seq BIGINT: last movement known (default: all)
-- from_on DATE: first day of the period; what came before is the opening (default: all)
-- by VARCHAR: one account a: facility, entity (default: facility)
-- entity VARCHAR: only who belongs to an entity with this in its name (default: all)
-- owner VARCHAR: only owners with this in their name (default: all)
-- facility VARCHAR: only this facility, by name (default: all)
-- country VARCHAR: only this country, by ISO code (default: all)
-- authorization VARCHAR: only accounts that something came or went under (default: all)
-- state VARCHAR: only accounts in state: on hand, empty, below zero (default: all)
-- options: system_tpp tf32_bits enforcement_view parent_rule
-- first: owner facility chip on_hand compute_mtpp state country received transferred_in
-- first: transferred_out released lost returned opening installed removed shipped approved
-- first: last_received_on last_on came_under first_received_on name entity
with adoption as (
    from adopted(coalesce(getvariable('known_seq')::bigint, 9223372036854775807))
),
placed as (
    select
        e.*,
        coalesce(party.name_key, folded(e.owner)) as owner_key,
        folded(facility) as facility_key,
        getvariable('from_on') is null or effective_on >= getvariable('from_on')::date as within
    from facility_events(
        coalesce(getvariable('as_of')::date, current_date),
        coalesce(getvariable('known_seq')::bigint, 9223372036854775807)
    ) e
    left join party on party.name = e.owner
),
-- A party goes by its first spelling; one that no movement names yet by that of its declaration.
called as (
    select key, arg_min(name, (turn, number)) as name
    from (
        select name_key as key, name, 1 as turn, party_no as number
        from party
        where submission <= (
            select max(submission) from submission
            where first_seq <= coalesce(getvariable('known_seq')::bigint, 9223372036854775807)
        )
        union all
        select p.object, trim(json_extract_string(m.details, '$.other_party')), 2, m.seq
        from movement m
        join about_party p on p.seq = m.seq
        where m.kind in ('ownership', 'party_merged')
    ) spelled
    group by key
),
-- The entity is the owner's ultimate parent, with all that belong to it.
belonging as (
    select o.owner_key, o.owner, coalesce(up.owner, o.owner_key) as entity_key,
        coalesce(called.name, o.owner) as entity
    from (
        select owner_key, min(owner) as owner from placed where owner_key is not null group by 1
    ) o
    left join ultimate_parents(
        coalesce(getvariable('as_of')::date, current_date),
        coalesce(getvariable('known_seq')::bigint, 9223372036854775807)
    ) up on up.party = o.owner_key
    left join called on called.key = coalesce(up.owner, o.owner_key)
),
owned as (
    select
        p.* replace (b.owner as owner, site.facility as facility), b.entity,
        b.entity_key as account_key, '' as site_key
    from placed p
    join belonging b on b.owner_key = p.owner_key
    join (
        select facility_key, min(facility) as facility from placed group by facility_key
    ) site on site.facility_key = p.facility_key
    where getvariable('by') = 'entity'
    union all
    select p.*, b.entities, p.owner_key, p.facility_key
    from placed p
    join (
        select owner_key, string_agg(entity, ', ' order by entity) as entities
        from belonging
        group by owner_key
    ) b on b.owner_key = p.owner_key
    where coalesce(getvariable('by'), 'facility') = 'facility'
),
account as (
    select
        min(entity) as entity,
        case when getvariable('by') = 'entity'
            then string_agg(distinct owner, ', ' order by owner) else min(owner) end as owner,
        case when getvariable('by') = 'entity'
            then coalesce(
                string_agg(distinct facility, ', ' order by facility) filter (facility <> ''), ''
            )
            else min(facility)
        end as facility,
        country,
        chip,
        string_agg(distinct "authorization", ' ' order by "authorization")
            filter (what in ('received', 'transferred in', 'shipped')) as came_under,
        bool_or("authorization" = getvariable('authorization')::varchar) as asked,
        coalesce(sum(stock) filter (not within), 0)::bigint as opening,
        coalesce(sum(quantity) filter (within and what = 'approved'), 0)::bigint as approved,
        coalesce(sum(quantity) filter (within and what = 'shipped'), 0)::bigint as shipped,
        coalesce(sum(quantity) filter (within and what = 'received'), 0)::bigint as received,
        coalesce(sum(quantity) filter (within and what = 'installed'), 0)::bigint as installed,
        coalesce(sum(quantity) filter (within and what = 'removed'), 0)::bigint as removed,
        coalesce(sum(quantity) filter (within and what = 'transferred in'), 0)::bigint
            as transferred_in,
        coalesce(sum(quantity) filter (within and what = 'transferred out'), 0)::bigint
            as transferred_out,
        coalesce(sum(quantity) filter (within and what = 'released'), 0)::bigint as released,
        coalesce(sum(quantity) filter (within and what = 'returned'), 0)::bigint as returned,
        coalesce(sum(quantity) filter (within and what = 'lost'), 0)::bigint as lost,
        coalesce(sum(stock), 0)::bigint as on_hand,
        coalesce(sum(stock_mtpp), 0)::bigint as compute_mtpp,
        min(effective_on) filter (what in ('received', 'transferred in')) as first_received_on,
        max(effective_on) filter (what in ('received', 'transferred in')) as last_received_on,
        max(effective_on) as last_on
    from owned
    group by account_key, site_key, country, chip
),
named as (
    select key as country, max(value) as name
    from adoption
    where topic = 'country'
    group by key
),
stated as (
    select
        a.entity, a.owner, a.facility, a.country, named.name, a.chip, a.came_under, a.opening,
        a.approved, a.shipped, a.received, a.installed, a.removed, a.transferred_in,
        a.transferred_out,
        a.released, a.returned, a.lost, a.on_hand, a.compute_mtpp,
        case when a.compute_mtpp < 0 then 'below zero' when a.compute_mtpp = 0 then 'empty'
            else 'on hand' end as state,
        a.first_received_on, a.last_received_on, a.last_on, a.asked
    from account a
    left join named on named.country = a.country
)
select * exclude (asked)
from stated
where (getvariable('entity') is null
        or contains(lower(entity), lower(getvariable('entity')::varchar)))
    and (getvariable('owner') is null
        or contains(lower(owner), lower(getvariable('owner')::varchar)))
    and (getvariable('facility') is null
        or folded(facility) = folded(getvariable('facility')::varchar))
    and (getvariable('country') is null or country = getvariable('country')::varchar)
    and (getvariable('authorization') is null or asked)
    and (getvariable('state') is null or state = getvariable('state')::varchar)
order by lower(owner), country, lower(facility), chip;
