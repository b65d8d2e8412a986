-- What happened at facilities until a day, as known until a movement: which column of an account it
-- is shown in, and what it does to what is on hand there (`stock`, in units; `stock_mtpp`).
CREATE OR REPLACE MACRO facility_events(until_day, until_seq) AS TABLE
-- The authorizations whose duties ask for accounts: what goes under them is in the accounts where
-- it names no facility, too. Only these hold JSON, and a filter is not always asked first.
with told as materialized (
    select value from adopted(until_seq) where topic = 'duty'
),
accounted as (
    select distinct unnest(json_extract(value, '$.authorizations')::varchar[]) as code
    from told
    where json_extract_string(value, '$.how') in ('facility_account', 'yearly')
),
-- Where lots arrived, as their receipts say it (their installations, where there are none): the one
-- facility that is named, and whether each of them names it.
named as materialized (
    select target_seq
    from standing(until_day, until_seq)
    where kind in ('receipt', 'installation') and contains(details, 'facility"')
    group by target_seq
),
arrival as materialized (
    select
        target_seq, min(facility) as facility, count(facility) = count(*) as always
    from (
        select
            f.target_seq, f.kind, max(f.kind) over (partition by f.target_seq) as telling,
            json_extract_string(f.details, '$.facility') as facility
        from standing(until_day, until_seq) f
        semi join named on named.target_seq = f.target_seq
        where f.kind in ('receipt', 'installation')
    ) told
    where kind = telling
    group by target_seq
    having count(distinct folded(facility)) = 1
),
-- What is sent or licensed, where it or its receipt names a facility or it is under one of these.
-- Most of a large ledger is not: that is told before a detail of it is read.
sending as materialized (
    select
        m.seq, m.kind, m.effective_on, m.destination as country, m.chip, m.quantity,
        m.amount_mtpp, m."authorization",
        exporter.name as sender,
        coalesce(json_extract_string(m.details, '$.owner'), consignee.name) as owner,
        json_extract_string(m.details, '$.facility') as facility,
        json_extract_string(m.details, '$.from_facility') as from_facility,
        json_extract_string(m.details, '$.from_country') as from_country,
        m.kind in ('export', 'reexport', 'in_country_transfer', 'export_from_abroad') as sent
    from standing(until_day, until_seq) m
    left join party exporter on exporter.party_no = m.exporter_no
    left join party consignee on consignee.party_no = m.consignee_no
    where m.kind in (
        'licence', 'export', 'reexport', 'in_country_transfer', 'export_from_abroad', 'transfer_out'
    )
        and (
            contains(m.details, 'facility"')
            or m."authorization" in (select code from accounted)
            or m.seq in (select target_seq from arrival)
        )
),
-- Lots: shipments, and moves by the leg that leaves, at the facility they go to.
lot as materialized (
    select
        sending.*, coalesce(sending.facility, arrival.facility, '') as at_facility,
        case when always then arrival.facility end as came_to
    from sending
    left join arrival on arrival.target_seq = sending.seq
    where sending.facility is not null
        or arrival.facility is not null
        or "authorization" in (select code from accounted)
),
-- What follows a lot: each may name the facility itself. What is gone went from where the lot came.
follower as (
    select
        f.seq, f.kind, f.effective_on, f.quantity, f.amount_mtpp, f.target_seq,
        lot.kind = 'transfer_out' as moved, lot.owner, lot.country, lot.chip,
        lot."authorization",
        coalesce(
            json_extract_string(f.details, '$.facility'),
            case when f.kind not in ('receipt', 'transfer_in') then lot.came_to end,
            lot.at_facility
        ) as at_facility
    from standing(until_day, until_seq) f
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
        folded(at_facility) as facility, folded(owner) as owner, country, min(owner) as name,
        min(seq) as seq
    from lot
    where at_facility <> ''
    group by folded(at_facility), folded(owner), country
),
release as (
    select
        s.*, site.name as site_owner, site.country as site_country,
        row_number() over (
            partition by s.seq order by site.owner = folded(s.sender) desc, site.seq
        ) as turn,
        max(site.owner = folded(s.sender)) over (partition by s.seq) as own,
        count(distinct site.owner) over (partition by s.seq) as owners
    from sending s
    left join site on site.facility = folded(s.from_facility)
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
)
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
from sending
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
from standing(until_day, until_seq) b
join released r on r.seq = b.target_seq
where b.kind = 'return';
