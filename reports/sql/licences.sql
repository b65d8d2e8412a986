-- Licences
-- How far is each line of each licence used, and what is still held for it?
-- as_of DATE: last day counted (default: today)
-- known_seq BIGINT: last movement known (default: all)
-- licence VARCHAR: only this licence (default: all)
-- exporter VARCHAR: only those of this exporter, who has it last (default: all)
-- consignee VARCHAR: only those to this consignee (default: all)
-- destination VARCHAR: only this destination, by ISO code (default: all)
-- state VARCHAR: only in state: open, overdue, suspended, lapsed, surrendered, revoked, closed,
--     replaced, used up, over (default: all)
-- options: cap_basis unused_licence return_or_loss_credit licences_before_compliance
-- options: enforcement_view system_tpp tf32_bits parent_rule
-- first: licence line consignee destination issued_mtpp drawn_mtpp held_mtpp state expires_on
-- first: issued_on chip quantity drawn_quantity last_drawn_on returned_mtpp lapsed_mtpp exporter
-- first: parent_in_doubt_on conditions
with said as (
    select topic, key, value, from_on
    from adopted(coalesce(getvariable('known_seq')::bigint, 9223372036854775807))
    where from_on is null or from_on <= coalesce(getvariable('as_of')::date, current_date)
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
line as (
    select seq, document, line, destination, effective_on
    from movement
    where kind = 'licence'
        and effective_on <= coalesce(getvariable('as_of')::date, current_date)
        and seq <= coalesce(getvariable('known_seq')::bigint, 9223372036854775807)
        and not exists (select 1 from undone where undone.seq = movement.seq)
        and (getvariable('licence') is null or document = getvariable('licence')::varchar)
        and (
            getvariable('destination') is null
            or destination = getvariable('destination')::varchar
        )
),
-- What used a line points at it. What only names it used nothing of it: it came before the licence
-- was on file, or passes on what a shipment under it brought.
draw as (
    select line.seq as licence_seq, m.seq, m.effective_on, m.quantity, m.amount_mtpp
    from movement m
    join line on line.seq = m.target_seq
    where m.kind in (
        'export', 'reexport', 'in_country_transfer', 'export_from_abroad', 'assignment',
        'transfer_out'
    )
        and m.effective_on <= coalesce(getvariable('as_of')::date, current_date)
        and m.seq <= coalesce(getvariable('known_seq')::bigint, 9223372036854775807)
        and not exists (select 1 from undone where undone.seq = m.seq)
),
drawn as (
    select
        licence_seq,
        sum(quantity)::bigint as quantity,
        sum(amount_mtpp)::bigint as amount_mtpp,
        max(effective_on) as last_on
    from draw
    group by licence_seq
),
-- What came back points at its shipment: under the licence, or laid under it by an assignment. The
-- latest is meant where a shipment was reversed and recorded anew.
brought as (
    select licence_seq, seq, amount_mtpp
    from draw
    union all
    select draw.licence_seq, max(s.seq), any_value(draw.amount_mtpp)
    from draw
    join movement a on a.seq = draw.seq and a.kind = 'assignment'
    join movement s on s.source = a.source
        and s.document = json_extract_string(a.details, '$.shipment')
        and s.line = coalesce(json_extract_string(a.details, '$.shipment_line'), '1')
        and s.seq < a.seq
    where s.kind in ('export', 'reexport', 'in_country_transfer', 'export_from_abroad')
    group by draw.licence_seq, draw.seq
),
returned as (
    select b.licence_seq, sum(coalesce(m.amount_mtpp, b.amount_mtpp))::bigint as amount_mtpp
    from movement m
    join brought b on b.seq = m.target_seq
    where m.kind in ('return', 'attrition')
        and m.effective_on <= coalesce(getvariable('as_of')::date, current_date)
        and m.seq <= coalesce(getvariable('known_seq')::bigint, 9223372036854775807)
        and not exists (select 1 from undone where undone.seq = m.seq)
    group by b.licence_seq
),
-- What was done to a line: suspended, amended, handed on, ended.
act as (
    select
        line.seq as licence_seq,
        m.seq,
        m.kind,
        m.effective_on,
        m.expires_on,
        m.exporter_no,
        coalesce(m.details, '') as details
    from movement m
    join line on line.seq = m.target_seq
    where m.kind not in ('reversal', 'return', 'attrition', 'receipt')
        and m.effective_on <= coalesce(getvariable('as_of')::date, current_date)
        and m.seq <= coalesce(getvariable('known_seq')::bigint, 9223372036854775807)
        and not exists (select 1 from undone where undone.seq = m.seq)
),
-- The first that ended all of it; a part is revoked or surrendered by quantity or amount.
ended as (
    select licence_seq, arg_min(kind, seq) as kind
    from act
    where kind in ('lapse', 'surrender', 'revocation', 'licence_close', 'replacement')
        and details not like '%"quantity":%'
        and details not like '%"tpp":%'
    group by licence_seq
),
-- How much of it was to be revoked or surrendered in parts; a part is of what was left by then.
parted as (
    select
        act.licence_seq,
        sum(coalesce(
            json_extract_string(act.details, '$.quantity')::bigint
                * (m.amount_mtpp // nullif(m.quantity, 0)),
            (json_extract_string(act.details, '$.tpp')::decimal(18, 3) * 1000)::bigint
        ))::hugeint as amount_mtpp
    from act
    join movement m on m.seq = act.licence_seq
    where act.kind in ('surrender', 'revocation')
        and (act.details like '%"quantity":%' or act.details like '%"tpp":%')
    group by act.licence_seq
),
-- Whom it was handed on to last.
handed as (
    select licence_seq, arg_max(exporter_no, (effective_on, seq)) as exporter_no
    from act
    where kind = 'licence_transfer'
    group by licence_seq
),
amended as (
    select licence_seq, arg_max(expires_on, (effective_on, seq)) as expires_on
    from act
    where kind = 'licence_amendment' and expires_on is not null
    group by licence_seq
),
-- Where an option has it so, the closing of its country's budget suspends a licence of before.
shut as (
    select line.seq as licence_seq, max(s.from_on) as from_on
    from said s
    join line on line.destination = s.key and line.effective_on < s.from_on
    where s.topic = 'licences closed'
        and s.value::date >= coalesce(getvariable('as_of')::date, current_date)
    group by line.seq
),
mark as (
    select licence_seq, seq, kind, effective_on, details
    from act
    where kind in ('licence_suspension', 'licence_reinstatement')
    union all
    select licence_seq, 0, 'licence_suspension', from_on, ''
    from shut
),
-- How long a licence holds that names no last day, as it was ruled.
ruled as (select ruling_no, json_extract(body, '$.years')::integer as years from ruling),
-- A last day on a holiday moves to the next day of business.
moved as (
    select from_on as expires_on, max(value)::date as last_on
    from said
    where topic = 'last day'
    group by from_on
),
dated as (
    select
        line.seq,
        coalesce(
            amended.expires_on,
            m.expires_on,
            expiry_of(m.effective_on, ruled.years)
        ) as expires_on,
        case
            when amended.expires_on is not null then 'amendment'
            when m.expires_on is not null then 'licence'
            when ruled.years is not null then 'rule'
        end as expiry_by
    from line
    join movement m on m.seq = line.seq
    left join amended on amended.licence_seq = line.seq
    left join ruled on ruled.ruling_no = m.ruling_no
),
suspended as (
    select licence_seq
    from mark
    -- One that has run out gives way to the one before it.
    where kind = 'licence_reinstatement'
        or coalesce(
            json_extract_string(nullif(details, ''), '$.until_on')::date
            >= coalesce(getvariable('as_of')::date, current_date),
            true
        )
    group by licence_seq
    having arg_max(kind, (effective_on, seq)) = 'licence_suspension'
),
-- A licence may move several budgets; what is held for it is read off the first. Reversals count
-- with what they reverse: a line holds what its live movements make of it.
member as (
    select seq as licence_seq, seq from line
    union all
    select line.seq, m.seq
    from movement m
    join line on line.document = m.licence and line.line = coalesce(m.licence_line, '1')
    where m.kind not in ('licence', 'reversal', 'return', 'attrition', 'receipt')
        and m.effective_on <= coalesce(getvariable('as_of')::date, current_date)
        and m.seq <= coalesce(getvariable('known_seq')::bigint, 9223372036854775807)
),
once as (
    select member.licence_seq, reversal.seq
    from reversal
    join member on member.seq = reversal.target_seq
),
twice as (
    select once.licence_seq, reversal.seq
    from reversal
    join once on once.seq = reversal.target_seq
),
part as (
    select licence_seq, seq from member
    union all
    select licence_seq, seq from once
    union all
    select licence_seq, seq from twice
),
first_budget as (
    select e.seq as licence_seq, min(e.budget_no) as budget_no
    from entry e
    join line on line.seq = e.seq
    where e.official = 1
    group by e.seq
),
held as (
    select
        part.licence_seq,
        sum(e.held_mtpp)::bigint as held_mtpp,
        sum(e.lapsed_mtpp)::bigint as lapsed_mtpp
    from entry e
    join part on part.seq = e.seq
    join first_budget on first_budget.licence_seq = part.licence_seq
        and first_budget.budget_no = e.budget_no
    where e.official = 1
    group by part.licence_seq
),
-- Who is declared to belong to whom on the day, and where the owner is headquartered: in doubt is
-- who has an ultimate parent that a licence would be denied with, as the lists are on that day.
declared as (
    select
        m.seq, m.kind, m.effective_on, m.details, p.object as owner
    from movement m
    join about_party p on p.seq = m.seq
    where m.kind in ('ownership', 'party_merged')
        and m.effective_on <= coalesce(getvariable('as_of')::date, current_date)
        and m.seq <= coalesce(getvariable('known_seq')::bigint, 9223372036854775807)
        and not exists (select 1 from undone where undone.seq = m.seq)
),
topmost as (
    from ultimate_parents(
        coalesce(getvariable('as_of')::date, current_date),
        coalesce(getvariable('known_seq')::bigint, 9223372036854775807)
    )
),
-- What declarations say of where an owner is headquartered goes before what licences say.
seat as (
    select
        owner,
        arg_max(country, (-turn, effective_on, seq)) as country,
        arg_max(effective_on, (-turn, effective_on, seq)) as from_on
    from (
        select owner, effective_on, seq, json_extract_string(details, '$.country') as country,
            1 as turn
        from declared
        union all
        select p.name_key, m.effective_on, m.seq,
            if(p.party_no = m.consignee_no, m.consignee_hq, m.parent_hq), 2
        from movement m
        join party p on p.party_no in (m.consignee_no, m.parent_no)
        where m.kind = 'licence' and p.name_key in (select owner from topmost)
            and m.effective_on <= coalesce(getvariable('as_of')::date, current_date)
            and m.seq <= coalesce(getvariable('known_seq')::bigint, 9223372036854775807)
            and not exists (select 1 from undone where undone.seq = m.seq)
    )
    where country is not null
    group by owner
),
doubted as (
    select line.seq as licence_seq, min(greatest(t.from_on, s.from_on, l.from_on)) as from_on
    from topmost t
    join seat s on s.owner = t.owner
    join said l on l.topic = 'in doubt' and l.key = s.country
        and l.value::date >= coalesce(getvariable('as_of')::date, current_date)
    join party on party.name_key = t.party
    join movement m on party.party_no in (m.consignee_no, m.parent_no)
    join line on line.seq = m.seq
        and line.effective_on < greatest(t.from_on, s.from_on, l.from_on)
    group by line.seq
),
-- The conditions on each licence, with how they stand; those that are breached first.
conditioned as (
    select
        licence,
        string_agg(condition || ' ' || state, ', ' order by state <> 'breached', condition)
            as conditions
    from licence_conditions(
        coalesce(getvariable('as_of')::date, current_date),
        coalesce(getvariable('known_seq')::bigint, 9223372036854775807)
    )
    group by licence
),
used as (
    select
        line.seq,
        coalesce(drawn.quantity, 0) as drawn_quantity,
        coalesce(drawn.amount_mtpp, 0) as drawn_mtpp,
        drawn.last_on,
        coalesce(held.held_mtpp, 0) as held_mtpp,
        coalesce(held.lapsed_mtpp, 0) as lapsed_mtpp,
        coalesce(parted.amount_mtpp, 0) as parted_mtpp,
        coalesce(returned.amount_mtpp, 0) as returned_mtpp
    from line
    left join drawn on drawn.licence_seq = line.seq
    left join held on held.licence_seq = line.seq
    left join parted on parted.licence_seq = line.seq
    left join returned on returned.licence_seq = line.seq
),
judged as (
    select
        m.document as licence,
        m.line,
        m.seq,
        m.effective_on as issued_on,
        dated.expires_on,
        dated.expiry_by,
        exporter.name as exporter,
        consignee.name as consignee,
        m.destination,
        m.chip,
        m.quantity,
        m.amount_mtpp as issued_mtpp,
        u.drawn_quantity,
        u.drawn_mtpp,
        u.held_mtpp,
        u.lapsed_mtpp,
        u.returned_mtpp,
        u.last_on as last_drawn_on,
        case
            when u.drawn_mtpp > m.amount_mtpp then 'over'
            when ended.kind = 'lapse' then 'lapsed'
            when ended.kind = 'surrender' then 'surrendered'
            when ended.kind = 'revocation' then 'revoked'
            when ended.kind = 'licence_close' then 'closed'
            when ended.kind = 'replacement' then 'replaced'
            when u.drawn_mtpp + u.parted_mtpp >= m.amount_mtpp then 'used up'
            when suspended.licence_seq is not null then 'suspended'
            when coalesce(moved.last_on, dated.expires_on)
                < coalesce(getvariable('as_of')::date, current_date) then 'overdue'
            else 'open'
        end as state,
        case when state in ('open', 'overdue', 'suspended') then doubted.from_on end
            as parent_in_doubt_on,
        conditioned.conditions
    from used u
    join movement m on m.seq = u.seq
    left join ended on ended.licence_seq = u.seq
    join dated on dated.seq = u.seq
    left join moved on moved.expires_on = dated.expires_on
    left join suspended on suspended.licence_seq = u.seq
    left join doubted on doubted.licence_seq = u.seq
    left join conditioned on conditioned.licence = m.document
    left join handed on handed.licence_seq = u.seq
    left join party exporter on exporter.party_no = coalesce(handed.exporter_no, m.exporter_no)
    left join party consignee on consignee.party_no = m.consignee_no
)
select *
from judged
where (getvariable('state') is null or state = getvariable('state')::varchar)
    and (
        getvariable('exporter') is null
        or folded(exporter) = folded(getvariable('exporter')::varchar)
    )
    and (
        getvariable('consignee') is null
        or folded(consignee) = folded(getvariable('consignee')::varchar)
    )
order by licence, line, seq;
