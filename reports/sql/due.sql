-- What is due
-- What must be filed, by whom, by when, and why? Worked out from movements; nothing is stored.
-- as_of DATE: last day counted (default: today)
-- known_seq BIGINT: last movement known (default: all)
-- by DATE: only what is due by this day, or has no day yet (default: all)
-- party VARCHAR: only parties with this in their name (default: all)
-- state VARCHAR: only in state: overdue, due, open, done (default: all)
-- duty VARCHAR: only this kind of duty (default: all)
-- id VARCHAR: only this one (default: all)
-- options: notice_3_2m aia_certificate aia_certificate_scope lpp_year unused_licence
-- first: state due_on party id why done_on reference duty citation
with
-- What stands, with its parties: `sent` shipments, `moved` moves that leave, `ends` of licences.
live as materialized (
    select m.*, exporter.name as exporter, exporter.name_key as exporter_key,
        consignee.name as consignee, consignee.name_key as consignee_key, parent.name as parent,
        parent.name_key as parent_key,
        m.kind in ('export', 'reexport', 'in_country_transfer', 'export_from_abroad') as sent,
        m.kind = 'transfer_out' as moved,
        m.kind in ('lapse', 'surrender', 'revocation', 'licence_close', 'replacement') as ends
    from standing(
        coalesce(getvariable('as_of')::date, current_date),
        coalesce(getvariable('known_seq')::bigint, 9223372036854775807)
    ) m
    left join party exporter on exporter.party_no = m.exporter_no
    left join party consignee on consignee.party_no = m.consignee_no
    left join party parent on parent.party_no = m.parent_no
    where m.kind not in ('adoption', 'application', 'refusal', 'reversal')
),
said as (
    from adopted(coalesce(getvariable('known_seq')::bigint, 9223372036854775807))
),
unit as (select max(value) as unit from said where topic = 'regime' and key = 'unit'),
-- Only these hold JSON, and a filter is not always asked first.
told as materialized (select * from said where topic in ('duty', 'need')),
duty as materialized (
    select key as duty, sentence as title, unnest(from_json(value, '{"how":"VARCHAR",
        "who":["VARCHAR"],"asks":["VARCHAR"],"authorizations":["VARCHAR"],"reasons":["VARCHAR"],
        "budget":"VARCHAR","number":"BIGINT","within_days":"INTEGER","remind_days":"INTEGER",
        "from_on":"DATE","why":"VARCHAR","why_near":"VARCHAR","citation":"VARCHAR",
        "dues":[{"month":"BIGINT","day":"BIGINT","last_month":"BIGINT","months":"BIGINT",
        "citation":"VARCHAR"}]}'))
    from told where topic = 'duty'
),
need as (
    select key as need, unnest(from_json(value,
        '{"days":"INTEGER","amount_mtpp":"BIGINT","compared":"VARCHAR"}'))
    from told where topic = 'need'
),
-- Shipments by what their rulings ask for before they leave.
asked as (select ruling_no, unnest(json_extract(body, '$.needs')::varchar[]) as need from ruling),
lot as (
    select d.duty, d.how, d.number, need.need, need.days, need.amount_mtpp as least_mtpp,
        need.compared, m.source, m.document, m.exporter, m.effective_on, m."authorization",
        min(m.seq) as seq, min_by(m.consignee, m.seq) as consignee,
        min_by(m.consignee_key, m.seq) as consignee_key, sum(m.amount_mtpp)::bigint as amount_mtpp,
        min_by(m.parent_key, m.seq) as parent_key, min(m.exporter_key) as exporter_key,
        bool_and(coalesce(json_extract_string(m.details, '$.notice_on')::date
            <= m.effective_on - need.days, false)) as noticed,
        max(json_extract_string(m.details, '$.notice_on')::date) as noticed_on
    from live m
    join asked on asked.ruling_no = m.ruling_no
    join need on need.need = asked.need
    join duty d on list_contains(d.asks, need.need)
        and d.how in ('after_shipment', 'before_shipment')
    where m.sent or m.moved
    group by d.duty, d.how, d.number, need.need, need.days, need.amount_mtpp, need.compared,
        m.source, m.document, m.exporter, m.effective_on, m."authorization"
    having need.amount_mtpp is null
        or sum(m.amount_mtpp) = need.amount_mtpp
        or (need.compared = 'at_least' and sum(m.amount_mtpp) > need.amount_mtpp)
),
declared as (
    select kind, document as declared_as, "authorization", effective_on as noticed_on,
        p.subject as party, nullif(split_part(p.object, chr(31), 2), '') as exporter,
        json_extract_string(details, '$.shipment') as shipment,
        json_extract_string(details, '$.until_on')::date as until_on
    from live join about_party p using (seq) where kind in ('notice', 'certificate')
),
shipped as (
    select lot.*, n.declared_as, n.noticed_on as declared_on,
        row_number() over (partition by lot.duty, lot.need, lot.seq order by n.noticed_on) as nth
    from lot
    left join declared n on lot.how = 'before_shipment' and n.kind = 'notice'
        and n."authorization" = lot."authorization"
        and n.party in (lot.consignee_key, lot.parent_key)
        and (n.exporter is null or n.exporter = lot.exporter_key)
        and (n.shipment is null or n.shipment = lot.document)
        and n.noticed_on <= lot.effective_on - lot.days
        and (n.until_on is null or lot.effective_on <= n.until_on)
),
of_shipments as (
    select duty, concat_ws(chr(31), source, document, effective_on) as identity, exporter as party,
        case when how = 'after_shipment' then effective_on + number::integer
            else effective_on - days end as due_on,
        seq, amount_mtpp, least_mtpp as limit_mtpp, document, effective_on as day,
        consignee as counterpart,
        case when how = 'before_shipment' and (noticed or declared_as is not null)
            then coalesce(case when noticed then noticed_on end, declared_on) end as met_on,
        case when how = 'before_shipment' and noticed then 'notice on the shipment'
            when how = 'before_shipment' then declared_as end as met_by
    from shipped where nth = 1
),
-- Budgets whose limit is reached, on the first day it is.
drawn as (
    select
        d.duty, d.from_on, b.budget_no, e.effective_on, sum(e.posted_mtpp)::bigint as posted_mtpp,
        sum(e.adjustment_mtpp)::bigint as adjustment_mtpp, max(e.seq) as seq
    from entry e
    join budget b on b.budget_no = e.budget_no
    join duty d on d.how = 'budget_reached' and d.budget = b.rule
    where e.official = 1
        and e.effective_on <= coalesce(getvariable('as_of')::date, current_date)
        and e.seq <= coalesce(getvariable('known_seq')::bigint, 9223372036854775807)
    group by d.duty, d.from_on, b.budget_no, e.effective_on
),
running as (
    select drawn.*, sum(posted_mtpp) over days as taken_mtpp,
        sum(adjustment_mtpp) over days as adjusted_mtpp
    from drawn
    window days as (partition by duty, budget_no order by effective_on)
),
of_budgets as (
    select r.duty, concat_ws(chr(31), b.holder, b."window") as identity, b.holder_name as party,
        min(r.effective_on) as due_on, min_by(r.seq, r.effective_on) as seq,
        min_by(r.taken_mtpp, r.effective_on)::bigint as amount_mtpp,
        min_by(b.limit_mtpp + r.adjusted_mtpp, r.effective_on)::bigint as limit_mtpp,
        min(r.effective_on) as day, b."window"
    from running r
    join budget b on b.budget_no = r.budget_no
    where r.taken_mtpp >= b.limit_mtpp + r.adjusted_mtpp and r.taken_mtpp > 0
    group by r.duty, r.from_on, b.budget_no, b.holder, b.holder_name, b."window"
    having min(r.effective_on) >= r.from_on
),
-- Running totals that something hangs on, of what each receiver was sent. A tally's account is
-- "receiver FROM exporter"; whose are added up, and whether an amount matters, say the options.
reading as (
    select coalesce(bool_or(key = 'aia_certificate' and value = 'always'), false) as always,
        coalesce(bool_or(key = 'aia_certificate_scope' and value = 'own'), false) as own
    from said where topic = 'option'
),
summed as (
    select
        d.duty, d.number as limit_mtpp, always, own, m.*,
        split_part(b.holder, ' FROM ', 1) as sent_to,
        case when own then b.holder else sent_to end as identity,
        json_extract_string(m.details, '$.certificate_on')::date as certified_on,
        coalesce(certified_on <= m.effective_on, false) as shown,
        sum(e.posted_mtpp) over (
            partition by d.duty, case when own then b.holder else sent_to end
            order by m.effective_on, m.seq
        ) as total_mtpp,
        always or total_mtpp >= d.number as reached, total_mtpp::hugeint * 1000000 >= d.number *
            (select value::hugeint from said where topic = 'critical' and key = d.budget) as near
    from duty d cross join reading
    join budget b on b.rule = d.budget and d.how = 'total_reached'
    join entry e on e.budget_no = b.budget_no and e.official = 1
    join live m on m.seq = e.seq and m.sent
),
-- Of each, the first shipment that reaches it and names no certificate itself, else the first that
-- reaches it; where none does, the last one, if it is near.
turning as (
    select *, row_number() over (
        partition by duty, identity
        order by reached desc, case when reached then shown end,
            case when reached then effective_on end, case when reached then seq end, seq desc
    ) as nth
    from summed semi join asked on asked.ruling_no = summed.ruling_no and asked.need in (
        select unnest(asks) from duty where duty.duty = summed.duty)
),
of_totals as (
    select duty, identity, exporter as party, not reached as near, seq, limit_mtpp, document,
        total_mtpp::bigint as amount_mtpp, case when reached then effective_on end as due_on,
        effective_on as day, effective_on as last,
        coalesce(json_extract_string(details, '$.owner'), consignee) as counterpart,
        case when reached and shown then certified_on else paper.noticed_on end as met_on,
        case when reached and shown then 'certificate on the shipment'
            else paper.declared_as end as met_by
    from (
        select t.*, (
            select min({'noticed_on': c.noticed_on, 'declared_as': c.declared_as})
            from declared c
            where c.kind = 'certificate' and c."authorization" = t."authorization"
                and c.party in (t.sent_to, t.consignee_key, t.parent_key)
                and (not t.own or coalesce(c.exporter, t.exporter_key) = t.exporter_key)
                and coalesce(c.shipment, t.document) = t.document
                and coalesce(c.until_on, t.effective_on) >= t.effective_on
        ) as paper
        from turning t where t.nth = 1 and (t.reached or t.near)
    ) found_out
),
-- Reports of every year, on the months before, for whoever had movements in them.
month as (
    select d.duty, date_trunc('month', m.effective_on)::date as month, m."authorization", m.sent,
        m.effective_on, m.seq, m.amount_mtpp,
        unnest([
            case when list_contains(d.who, 'consignee')
                then coalesce(json_extract_string(m.details, '$.owner'), m.consignee) end,
            case when m.moved and list_contains(d.who, 'consignee')
                or m.kind = 'reexport' and list_contains(d.who, 'reexporter') then m.exporter end
        ]) as party
    from live m
    join duty d on d.how = 'yearly' and list_contains(d.authorizations, m."authorization")
        and m.effective_on >= d.from_on
),
dated as (select duty, unnest(dues) as due from duty where how = 'yearly'),
period as (
    select duty, due.citation as citation, make_date(y, due.month, due.day) as due_on,
        (make_date(y - case when due.last_month >= due.month then 1 else 0 end, due.last_month, 1)
            + interval 1 month - to_months(due.months::integer))::date as from_on,
        due.months
    from dated cross join range(2024, 2101) years(y)
    where y <= year(coalesce(getvariable('as_of')::date, current_date)) + 1
),
of_years as (
    select p.duty, concat_ws(chr(31), folded(m.party), p.due_on) as identity, min(m.party) as party,
        p.due_on, p.citation, min(m.seq) as seq,
        coalesce(sum(m.amount_mtpp) filter (m.sent), 0)::bigint as amount_mtpp,
        string_agg(distinct m."authorization", ', ' order by m."authorization") as counterpart,
        p.from_on as day,
        (p.from_on + to_months(p.months::integer) - interval 1 day)::date as last,
        count(distinct m.seq) as count
    from period p
    join month m on m.duty = p.duty and m.month >= p.from_on
        and m.month < p.from_on + to_months(p.months::integer) and m.party is not null
    group by p.duty, folded(m.party), p.due_on, p.citation, p.from_on, p.months
),
of_losses as (
    select d.duty, concat_ws(chr(31), m.source, m.document, m.line) as identity,
        m.consignee as party, m.effective_on + d.number::integer as due_on, m.seq,
        m.amount_mtpp, json_extract_string(m.details, '$.shipment') as document,
        m.effective_on as day, m.consignee as counterpart,
        json_extract_string(m.details, '$.reason') as reason
    from live m
    join duty d on d.how = 'after_loss' and list_contains(d.authorizations, m."authorization")
        and list_contains(d.reasons, json_extract_string(m.details, '$.reason'))
    where m.kind = 'attrition'
),
-- Accounts of a facility, every so many months from its first movement on.
facility as (
    select
        d.duty, d.number::integer as months, min_by(m.site, m.seq) as facility,
        min_by(if(m.moved, m.exporter, m.consignee), m.seq) as party, min(m.seq) as seq,
        min(m.effective_on) as first_on, list(amount_mtpp) as amounts, list(m.effective_on) as days
    from (select *, coalesce(json_extract_string(details,
        if(moved, '$.from_facility', '$.facility')), destination) as site from live) m
    join duty d on d.how = 'facility_account'
        and list_contains(d.authorizations, m."authorization") and m.effective_on >= d.from_on
    where m.consignee is not null
    group by d.duty, d.number, if(m.moved, m.exporter_key, m.consignee_key), folded(m.site)
),
account as (
    select facility.*, (first_on + to_months((months * (n - 1))::integer))::date as since_on,
        (first_on + to_months((months * n)::integer))::date as due_on
    from facility cross join range(1, 200) turns(n)
    where since_on <= coalesce(getvariable('as_of')::date, current_date)
),
of_facilities as (
    select duty, concat_ws(chr(31), folded(party), facility, due_on) as identity, party, due_on,
        seq, coalesce(list_sum([a for a, i in amounts
            if days[i] >= since_on and days[i] < due_on]), 0)::bigint as amount_mtpp,
        facility as counterpart, since_on as day, (due_on - interval 1 day)::date as last,
        len([x for x in days if x >= since_on and x < due_on]) as count
    from account
),
-- What was done to licences; a part of one is revoked or surrendered by quantity or amount.
acted as (
    select target_seq,
        sum(amount_mtpp) filter (sent or moved or ends or kind = 'assignment')::bigint as gone,
        bool_or(ends and not regexp_matches(coalesce(details, ''), '"(quantity|tpp)":')) as ended,
        arg_max(expires_on, (effective_on, seq))
            filter (kind = 'licence_amendment') as amended_to,
        arg_max(exporter, (effective_on, seq)) filter (kind = 'licence_transfer') as transferee,
        arg_max(kind, (effective_on, seq)) filter (kind = 'licence_reinstatement' or kind
            = 'licence_suspension' and coalesce(json_extract_string(details, '$.until_on')::date
            >= coalesce(getvariable('as_of')::date, current_date), true)) as marked
    from live where target_seq is not null group by target_seq
),
-- Licences with something left: when they end, as they say or were ruled, but on no holiday.
rest as (
    select m.source, m.document, m.consignee, m.seq, a.transferee,
        coalesce(a.marked = 'licence_suspension', false) as suspended,
        coalesce(a.transferee, m.exporter) as exporter,
        m.amount_mtpp - coalesce(a.gone, 0) as rest_mtpp,
        coalesce(a.amended_to, m.expires_on, expiry_of(m.effective_on,
            json_extract(r.body, '$.years')::integer)) as ends_on,
        coalesce((select max(value)::date from said where topic = 'last day' and from_on = ends_on),
            ends_on) as last_on
    from live m
    left join acted a on a.target_seq = m.seq
    left join ruling r on r.ruling_no = m.ruling_no
    where m.kind = 'licence' and not coalesce(a.ended, false) and rest_mtpp > 0
),
of_licences as (
    select d.duty, concat_ws(chr(31), r.source, r.document, r.ends_on, r.transferee) as identity,
        case when d.how = 'licence_lapsed' then r.last_on + 1 else r.last_on end as due_on,
        min(r.exporter) as party, min(r.seq) as seq, sum(r.rest_mtpp)::bigint as amount_mtpp,
        r.document, r.last_on as day, min(r.consignee) as counterpart
    from rest r
    join duty d on d.how = 'licence_lapsed'
        and r.last_on < coalesce(getvariable('as_of')::date, current_date)
        or d.how = 'licence_expires' and not r.suspended
        and r.last_on >= coalesce(getvariable('as_of')::date, current_date)
        and r.last_on - d.within_days <= coalesce(getvariable('as_of')::date, current_date)
    group by d.duty, d.how, r.source, r.document, r.ends_on, r.last_on, r.transferee
),
came_back as (
    select target_seq, sum(amount_mtpp)::bigint as back_mtpp, max(effective_on) as back_on,
        max_by(document, effective_on) as document
    from live where kind in ('return', 'attrition') group by target_seq
),
of_temporary as (
    select d.duty, concat_ws(chr(31), m.source, m.document, m.line) as identity,
        m.exporter as party, json_extract_string(m.details, '$.due_back_on')::date as due_on,
        due_on as last, m.seq, m.amount_mtpp, m.document, m.effective_on as day,
        m.consignee as counterpart,
        case when b.back_mtpp >= m.amount_mtpp then b.back_on end as met_on,
        case when b.back_mtpp >= m.amount_mtpp then b.document end as met_by
    from live m
    join duty d on d.how = 'due_back' and list_contains(d.authorizations, m."authorization")
    left join came_back b on b.target_seq = m.seq
    where m.sent and json_extract_string(m.details, '$.due_back_on') is not null
),
-- One for one with the shipment: late from the day after, when the report breaches tells it.
of_replacements as (
    select r.duty, concat_ws(chr(31), m.source, m.document, m.line) as identity,
        m.exporter as party, m.effective_on as due_on, m.seq, m.amount_mtpp, m.document,
        m.effective_on as day, m.consignee as counterpart, r.covered_on as met_on,
        r.covered_by as met_by
    from replacements(
        coalesce(getvariable('as_of')::date, current_date),
        coalesce(getvariable('known_seq')::bigint, 9223372036854775807)
    ) r
    join live m on m.seq = r.seq
),
of_records as (
    select d.duty, date_trunc('month', m.effective_on)::date::varchar as identity,
        (max(m.effective_on) + to_years(d.number::integer))::date as due_on, min(m.seq) as seq,
        min(m.effective_on) as day, max(m.effective_on) as last, count(*) as count
    from live m join duty d on d.how = 'record_age'
    where (last_day(m.effective_on) + to_years(d.number::integer))::date - d.remind_days
        <= coalesce(getvariable('as_of')::date, current_date)
    group by d.duty, d.number, date_trunc('month', m.effective_on)
),
found as (
    from of_shipments union all by name from of_budgets union all by name from of_totals
    union all by name from of_years union all by name from of_losses
    union all by name from of_facilities union all by name from of_licences
    union all by name from of_temporary union all by name from of_replacements
    union all by name from of_records union all by name from conditions_due(
        coalesce(getvariable('as_of')::date, current_date),
        coalesce(getvariable('known_seq')::bigint, 9223372036854775807))
),
done as (
    select json_extract_string(details, '$.status') as id, max_by(effective_on, seq) as done_on,
        max_by(coalesce(json_extract_string(details, '$.reference'), document), seq) as reference
    from live where kind = 'duty_done' group by json_extract_string(details, '$.status')
),
written as (
    select f.*, f.duty || '-' || left(md5(f.identity), 12) as id,
        grouped(f.amount_mtpp) || ' ' || coalesce(unit.unit, 'TPP') as amount,
        grouped(f.limit_mtpp) as "limit"
    from found f cross join unit
),
judged as (
    select case
            when coalesce(done.done_on, w.met_on) is not null then 'done'
            -- Records may go from their day on; nothing is late about them.
            when w.near then 'due'
            when w.due_on < coalesce(getvariable('as_of')::date, current_date)
                and d.how <> 'record_age' then 'overdue'
            when w.due_on - d.remind_days <= coalesce(getvariable('as_of')::date, current_date)
                then 'due'
            else 'open'
        end as state,
        w.due_on, w.party, w.duty, d.title as what, w.id, w.amount_mtpp,
        replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(
            case when w.near then d.why_near else d.why end,
            '{document}', coalesce(w.document, '')), '{day}', coalesce(w.day::varchar, '')),
            '{last}', coalesce(w.last::varchar, '')), '{counterpart}', coalesce(w.counterpart, '')),
            '{amount}', coalesce(w.amount, '')), '{limit}', coalesce(w."limit", '')),
            '{window}', coalesce(w."window", '')), '{number}', coalesce(d.number::varchar, '')),
            '{count}', coalesce(format('{:,}', w.count), '')), '{reason}', coalesce(w.reason, '')
        ) as why,
        coalesce(w.citation, d.citation) as citation, coalesce(done.done_on, w.met_on) as done_on,
        coalesce(done.reference, w.met_by) as reference, w.due_on - d.remind_days as remind_on,
        w.seq
    from written w
    join duty d on d.duty = w.duty
    left join done on done.id = w.id
)
select * from judged
where (getvariable('by') is null or due_on is null or due_on <= getvariable('by')::date)
    and (getvariable('party') is null
        or contains(lower(party), lower(getvariable('party')::varchar)))
    and (getvariable('state') is null or state = getvariable('state')::varchar)
    and (getvariable('duty') is null or duty = getvariable('duty')::varchar)
    and (getvariable('id') is null or id = getvariable('id')::varchar)
order by case state when 'overdue' then 1 when 'due' then 2 when 'open' then 3 else 4 end,
    due_on, party, duty, id;
