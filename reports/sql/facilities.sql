-- Facility accounts
-- What came to each facility, what went from it, and what is on hand there, chip by chip?
-- as_of DATE: last day counted (default: today)
-- known_seq BIGINT: last movement known (default: all)
-- from_on DATE: first day of the period; what came before is the opening (default: all)
-- owner VARCHAR: only owners with this in their name (default: all)
-- facility VARCHAR: only this facility, by name (default: all)
-- country VARCHAR: only this country, by ISO code (default: all)
-- authorization VARCHAR: only accounts that something came or went under (default: all)
-- state VARCHAR: only accounts in state: on hand, empty, below zero (default: all)
-- options: system_tpp tf32_bits enforcement_view
-- first: owner facility chip on_hand compute_mtpp state country received transferred_in
-- first: transferred_out released lost returned opening installed removed shipped approved
-- first: last_received_on last_on came_under first_received_on name
with known as (
    select coalesce(max(submission), 0) as submission
    from submission
    where first_seq <= coalesce(getvariable('known_seq')::bigint, 9223372036854775807)
),
adoption as (
    select coalesce(
        max(case when about.submission <= known.submission then about.submission end),
        min(about.submission)
    ) as submission
    from about cross join known
),
-- Only these hold JSON, and a filter is not always asked first.
told as materialized (
    select about.value
    from about join adoption using (submission)
    where topic = 'duty'
),
-- The authorizations whose duties ask for accounts: what goes under them is in the accounts where
-- it names no facility, too.
accounted as (
    select distinct unnest(json_extract(value, '$.authorizations')::varchar[]) as code
    from told
    where json_extract_string(value, '$.how') in ('facility_account', 'yearly')
),
reversal as (
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
live as materialized (
    select
        m.seq, m.kind, m.effective_on, m.destination as country, m.chip, m.quantity,
        m.amount_mtpp, m."authorization", m.target_seq, m.details,
        exporter.name as sender,
        coalesce(json_extract_string(m.details, '$.owner'), consignee.name) as owner,
        json_extract_string(m.details, '$.facility') as facility,
        json_extract_string(m.details, '$.from_facility') as from_facility,
        json_extract_string(m.details, '$.from_country') as from_country,
        m.kind in ('export', 'reexport', 'in_country_transfer', 'export_from_abroad') as sent
    from movement m
    left join party exporter on exporter.party_no = m.exporter_no
    left join party consignee on consignee.party_no = m.consignee_no
    where m.kind in (
        'licence', 'export', 'reexport', 'in_country_transfer', 'export_from_abroad', 'receipt',
        'installation', 'removal', 'return', 'attrition', 'transfer_out', 'transfer_in'
    )
        and m.effective_on <= coalesce(getvariable('as_of')::date, current_date)
        and m.seq <= coalesce(getvariable('known_seq')::bigint, 9223372036854775807)
        and not exists (select 1 from undone where undone.seq = m.seq)
),
-- Lots: shipments, and moves by the leg that leaves, at the facility they go to.
lot as materialized (
    select live.*, coalesce(facility, '') as at_facility
    from live
    where (sent or kind in ('transfer_out', 'licence'))
        and (facility is not null or "authorization" in (select code from accounted))
),
-- What follows a lot: the receipt may name the facility itself.
follower as (
    select
        f.seq, f.kind, f.effective_on, f.quantity, f.amount_mtpp, f.target_seq,
        lot.kind = 'transfer_out' as moved, lot.owner, lot.country, lot.chip,
        lot."authorization", coalesce(f.facility, lot.at_facility) as at_facility
    from live f
    join lot on lot.seq = f.target_seq
    where f.kind in ('receipt', 'installation', 'removal', 'return', 'attrition', 'transfer_in')
),
-- What arrived: as received or, where nobody says so, as installed.
arrived as (
    select f.*
    from follower f
    where f.kind in ('receipt', 'transfer_in')
        or (f.kind = 'installation' and not f.moved and not exists (
            select 1 from follower r where r.target_seq = f.target_seq and r.kind = 'receipt'
        ))
),
-- What is gone is taken from what had arrived by then; the rest was still under way. With G gone
-- and A arrived so far, the rest is the largest G - A there was.
gone as (
    select
        g.*,
        sum(g.quantity) over day_by_day as gone_quantity,
        sum(g.amount_mtpp) over day_by_day as gone_mtpp,
        (select coalesce(sum(a.quantity), 0) from arrived a
            where a.target_seq = g.target_seq and a.effective_on <= g.effective_on) as had_quantity,
        (select coalesce(sum(a.amount_mtpp), 0) from arrived a
            where a.target_seq = g.target_seq and a.effective_on <= g.effective_on) as had_mtpp
    from follower g
    where g.kind in ('return', 'attrition', 'removal')
    window day_by_day as (partition by g.target_seq order by g.effective_on, g.seq)
),
left_there as (
    select
        gone.*,
        gone_quantity - max(greatest(gone_quantity - had_quantity, 0)) over day_by_day
            as from_quantity,
        gone_mtpp - max(greatest(gone_mtpp - had_mtpp, 0)) over day_by_day as from_mtpp
    from gone
    window day_by_day as (partition by target_seq order by effective_on, seq)
),
-- The facilities that something came to, for what leaves one without naming its country or owner.
site as (
    select
        lower(at_facility) as facility, lower(owner) as owner, country, min(owner) as name,
        min(seq) as seq
    from lot
    where at_facility <> ''
    group by lower(at_facility), lower(owner), country
),
release as (
    select
        s.*, site.name as site_owner, site.country as site_country,
        row_number() over (
            partition by s.seq order by site.owner = lower(s.sender) desc, site.seq
        ) as turn,
        max(site.owner = lower(s.sender)) over (partition by s.seq) as own,
        count(distinct site.owner) over (partition by s.seq) as owners
    from live s
    left join site on site.facility = lower(s.from_facility)
        and (s.from_country is null or site.country = s.from_country)
    where s.sent and s.from_facility is not null
),
released as (
    select
        seq, effective_on, chip, quantity, amount_mtpp, "authorization", from_facility,
        case when own or owners = 1 then site_owner else sender end as owner,
        coalesce(from_country, case when own or owners = 1 then site_country end, '') as country
    from release
    where turn = 1
),
-- Every event: which column it is shown in, and what it does to what is on hand.
event as (
    select
        case when kind = 'licence' then 'approved' else 'shipped' end as what, seq, effective_on,
        owner, at_facility as facility, country, chip, "authorization", quantity,
        0 as stock, 0 as stock_mtpp
    from lot
    where kind <> 'transfer_out'
    union all
    select
        case when kind = 'transfer_in' then 'transferred in' else 'received' end, seq,
        effective_on, owner, at_facility, country, chip, "authorization", quantity,
        quantity, amount_mtpp
    from arrived
    union all
    select
        'installed', seq, effective_on, owner, at_facility, country, chip, "authorization",
        quantity, 0, 0
    from follower
    where kind = 'installation'
    union all
    select
        case kind when 'return' then 'returned' when 'attrition' then 'lost' else 'removed' end,
        seq, effective_on, owner, at_facility, country, chip, "authorization", quantity,
        lag(from_quantity, 1, 0) over day_by_day - from_quantity,
        lag(from_mtpp, 1, 0) over day_by_day - from_mtpp
    from left_there
    window day_by_day as (partition by target_seq order by effective_on, seq)
    union all
    select
        'transferred out', seq, effective_on, sender, from_facility, from_country, chip,
        "authorization", quantity, -quantity, -amount_mtpp
    from live
    where kind = 'transfer_out'
    union all
    select
        'released', seq, effective_on, owner, from_facility, country, chip, "authorization",
        quantity, -quantity, -amount_mtpp
    from released
    union all
    -- What was released and came back is on hand again.
    select
        'released', b.seq, b.effective_on, r.owner, r.from_facility, r.country, r.chip,
        r."authorization", -b.quantity, b.quantity, b.amount_mtpp
    from live b
    join released r on r.seq = b.target_seq
    where b.kind = 'return'
),
placed as (
    select
        *,
        lower(owner) as owner_key,
        lower(facility) as facility_key,
        getvariable('from_on') is null or effective_on >= getvariable('from_on')::date as within
    from event
),
account as (
    select
        min(owner) as owner,
        min(facility) as facility,
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
    from placed
    where owner_key is not null
    group by owner_key, facility_key, country, chip
),
named as (
    select key as country, max(value) as name
    from about join adoption using (submission)
    where topic = 'country'
    group by key
),
stated as (
    select
        a.owner, a.facility, a.country, named.name, a.chip, a.came_under, a.opening, a.approved,
        a.shipped, a.received, a.installed, a.removed, a.transferred_in, a.transferred_out,
        a.released, a.returned, a.lost, a.on_hand, a.compute_mtpp,
        case when a.compute_mtpp < 0 then 'below zero' when a.compute_mtpp = 0 then 'empty'
            else 'on hand' end as state,
        a.first_received_on, a.last_received_on, a.last_on, a.asked
    from account a
    left join named on named.country = a.country
)
select * exclude (asked)
from stated
where (getvariable('owner') is null
        or contains(lower(owner), lower(getvariable('owner')::varchar)))
    and (getvariable('facility') is null
        or lower(facility) = lower(getvariable('facility')::varchar))
    and (getvariable('country') is null or country = getvariable('country')::varchar)
    and (getvariable('authorization') is null or asked)
    and (getvariable('state') is null or state = getvariable('state')::varchar)
order by lower(owner), country, lower(facility), chip;
