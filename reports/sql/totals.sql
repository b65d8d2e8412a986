-- Running totals
-- What was each consignee sent, and where does that stand against the amount that a paper hangs on?
-- as_of DATE: last day counted (default: today)
-- known_seq BIGINT: last movement known (default: all)
-- consignee VARCHAR: only this consignee, by key or by name (default: all)
-- exporter VARCHAR: only this exporter's own lines; of all others' only the sum (default: all)
-- state VARCHAR: only totals in state: below, near, reached (default: all)
-- options: aia_certificate aia_certificate_scope
-- first: consignee total_mtpp limit_mtpp used_percent state certificate exporter left_mtpp
-- first: reached_on certificate_on last_on own_mtpp others_mtpp shipments reached_in
with reversal as (
    select seq, target_seq
    from movement
    where kind = 'reversal'
        and seq <= coalesce(getvariable('known_seq')::bigint, 9223372036854775807)
),
live as (
    select m.*, exporter.name as exporter, exporter.name_key as exporter_key,
        consignee.name as consignee, consignee.name_key as consignee_key,
        parent.name_key as parent_key
    from movement m
    left join party exporter on exporter.party_no = m.exporter_no
    left join party consignee on consignee.party_no = m.consignee_no
    left join party parent on parent.party_no = m.parent_no
    where m.kind in (
            'export', 'reexport', 'in_country_transfer', 'export_from_abroad', 'certificate',
            'duty_done'
        )
        and m.effective_on <= coalesce(getvariable('as_of')::date, current_date)
        and m.seq <= coalesce(getvariable('known_seq')::bigint, 9223372036854775807)
        and m.seq not in (
            select target_seq from reversal where seq not in (select target_seq from reversal)
        )
),
known as (
    select coalesce(max(submission), 0) as submission
    from submission
    where first_seq <= coalesce(getvariable('known_seq')::bigint, 9223372036854775807)
),
said as (
    select about.*
    from about
    where submission = (
        select coalesce(
            max(case when a.submission <= known.submission then a.submission end),
            min(a.submission)
        )
        from about a cross join known
    )
),
told as materialized (select * from said where topic = 'duty'),
-- What is due from a running total on: its tally, the amount, and from which share on it is near.
duty as (
    select d.*, coalesce(critical.value::bigint, 1000000) as ppm
    from (
        select key as duty, unnest(from_json(value,
            '{"how":"VARCHAR","asks":["VARCHAR"],"budget":"VARCHAR","number":"BIGINT"}'))
        from told
    ) d
    left join said critical on critical.topic = 'critical' and critical.key = d.budget
    where d.how = 'total_reached'
),
reading as (
    select
        coalesce(bool_or(key = 'aia_certificate' and value = 'always'), false) as always,
        coalesce(bool_or(key = 'aia_certificate_scope' and value = 'own'), false) as own
    from said
    where topic = 'option'
),
asked as (select ruling_no, unnest(json_extract(body, '$.needs')::varchar[]) as need from ruling),
-- Each lot with the total it makes, by day and then in the order recorded.
lot as (
    select
        d.duty, d.budget as tally, d.number as limit_mtpp, d.ppm, reading.always, reading.own,
        m.seq, m.document, m.effective_on, m."authorization", m.exporter, m.exporter_key,
        m.consignee_key, m.parent_key, e.posted_mtpp,
        split_part(b.holder, ' FROM ', 1) as receiver,
        case when reading.own then b.holder else receiver end as holder,
        coalesce(json_extract_string(m.details, '$.owner'), m.consignee) as consignee,
        coalesce(
            json_extract_string(m.details, '$.certificate_on')::date <= m.effective_on, false
        ) as shown,
        folded(m.exporter) is not distinct from folded(getvariable('exporter')::varchar) as mine,
        exists (
            select 1 from asked
            where asked.ruling_no = m.ruling_no and list_contains(d.asks, asked.need)
        ) as asks,
        sum(e.posted_mtpp) over (
            partition by d.duty, case when reading.own then b.holder else receiver end
            order by m.effective_on, m.seq
        ) as sum_mtpp
    from duty d
    cross join reading
    join budget b on b.rule = d.budget
    join entry e on e.budget_no = b.budget_no and e.official = 1
    join live m on m.seq = e.seq
),
due as (
    select
        *, asks and (always or sum_mtpp >= limit_mtpp) as due,
        sum_mtpp >= limit_mtpp and sum_mtpp - posted_mtpp < limit_mtpp as reaches
    from lot
),
total as (
    select
        duty, tally, holder, receiver, any_value(limit_mtpp) as limit_mtpp, any_value(ppm) as ppm,
        any_value(own) as own, min_by(consignee, seq) as consignee,
        case when any_value(own) then min_by(exporter, seq)
            else getvariable('exporter')::varchar end as exporter,
        sum(posted_mtpp)::bigint as total_mtpp,
        sum(posted_mtpp) filter (mine)::bigint as own_mtpp,
        count(*) filter (mine or getvariable('exporter') is null) as shipments,
        max(effective_on) filter (mine or getvariable('exporter') is null) as last_on,
        min(effective_on) filter (sum_mtpp >= limit_mtpp) as reached_on,
        min_by(document, seq) filter (reaches) as reached_in,
        bool_or(mine) filter (reaches) as reached_by_mine,
        coalesce(bool_or(due), false) as due,
        coalesce(bool_or(due and not shown), false) as lacking,
        min_by("authorization", seq) as "authorization",
        list(distinct consignee_key) as consignees, list(distinct parent_key) as parents,
        min(exporter_key) as exporter_key
    from due
    group by duty, tally, holder, receiver
    having getvariable('exporter') is null or bool_or(mine)
),
paper as (
    select
        t.duty, t.holder, c.effective_on as filed_on, c.document as filed_in,
        -- The second part of what a paper is for is the exporter it is for.
        nullif(split_part(p.object, chr(31), 2), '') as given_to
    from total t
    join live c on c.kind = 'certificate' and c."authorization" = t."authorization"
    join about_party p on p.seq = c.seq
    where list_contains(list_concat([t.receiver], t.consignees, t.parents), p.subject)
        and (not t.own or coalesce(given_to, t.exporter_key) = t.exporter_key)
        and json_extract_string(c.details, '$.shipment') is null
        and (
            json_extract_string(c.details, '$.until_on') is null
            or json_extract_string(c.details, '$.until_on')::date
                >= coalesce(getvariable('as_of')::date, current_date)
        )
    union all
    select
        t.duty, t.holder, m.effective_on,
        coalesce(json_extract_string(m.details, '$.reference'), m.document), null
    from total t
    join live m on m.kind = 'duty_done'
        and json_extract_string(m.details, '$.status')
            = t.duty || '-' || left(md5(t.holder), 12)
),
filed as (
    select
        duty, holder, min(filed_on) as filed_on,
        min_by(filed_in, filed_on) filter (
            getvariable('exporter') is null or given_to is null
            or given_to = folded(getvariable('exporter')::varchar)
        ) as filed_in
    from paper
    group by duty, holder
),
stands as (
    select
        t.consignee, t.exporter, t.total_mtpp,
        case when getvariable('exporter') is not null then t.own_mtpp end as own_mtpp,
        case when getvariable('exporter') is not null then t.total_mtpp - t.own_mtpp end::bigint
            as others_mtpp,
        t.limit_mtpp, (t.limit_mtpp - t.total_mtpp)::bigint as left_mtpp,
        ((t.total_mtpp::hugeint * 10000 // t.limit_mtpp)::bigint * 0.01::decimal(3, 2))
            ::decimal(18, 2) as used_percent,
        case
            when t.total_mtpp >= t.limit_mtpp then 'reached'
            when t.total_mtpp::hugeint * 1000000 >= t.limit_mtpp::hugeint * t.ppm then 'near'
            else 'below'
        end as state,
        -- Who reached it is another exporter's business, where one of them asks.
        case when getvariable('exporter') is null or t.reached_by_mine then t.reached_on end
            as reached_on,
        case when getvariable('exporter') is null or t.reached_by_mine then t.reached_in end
            as reached_in,
        case
            when f.filed_on is not null then 'on record'
            when t.lacking then 'missing'
            when t.due then 'on its shipments'
            else 'not due'
        end as certificate,
        f.filed_on as certificate_on, f.filed_in as certificate_in, t.shipments, t.last_on,
        t.tally, t.holder
    from total t
    left join filed f on f.duty = t.duty and f.holder = t.holder
)
select *
from stands
where (getvariable('state') is null or state = getvariable('state')::varchar)
    and (
        getvariable('consignee') is null
        or folded(consignee) = folded(getvariable('consignee')::varchar)
        or split_part(holder, ' FROM ', 1) = getvariable('consignee')::varchar
    )
order by consignee, exporter nulls first, holder, tally;
