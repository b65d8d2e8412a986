-- Shares
-- How much of what each holder has stands where, against the largest share the law allows?
-- as_of DATE: last day counted (default: today)
-- known_seq BIGINT: last movement known (default: all)
-- holder VARCHAR: only this holder, by key or by name (default: all)
-- share VARCHAR: only this share, by its key (default: all)
-- state VARCHAR: only shares in state: within, over, would exceed, cannot be judged (default: all)
-- options: uveu_measure_day uveu_us_measure_day uveu_numerator parent_rule
-- first: name share country share_percent limit_percent room_mtpp state declared_on
-- first: part_mtpp base_mtpp next_measured_on declared_in title holder
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
day as (select coalesce(getvariable('as_of')::date, current_date) as as_of),
-- What the regimes say on that day: of each key the latest that has begun.
said as (
    select topic, key, value, sentence
    from (
        select
            topic, key, value, sentence,
            row_number() over (partition by topic, key order by from_on desc nulls last) as turn
        from about
        join adoption using (submission)
        cross join day
        where starts_with(topic, 'share') and (from_on is null or from_on <= day.as_of)
    ) begun
    where turn = 1
),
rule as (
    select
        s.key,
        s.sentence as title,
        s.value::bigint as ppm,
        (select value from said where topic = 'share tally' and key = s.key) as tally,
        (select value from said where topic = 'share each' and key = s.key) = 'yes' as each,
        (select value from said where topic = 'share stock' and key = s.key) = 'yes' as stock,
        (select value from said where topic = 'share dates' and key = s.key) as dates,
        (select value from said where topic = 'share of' and key = s.key) as of_hq,
        (select value from said where topic = 'share holds' and key = s.key) as holds,
        (select value from said where topic = 'share part' and key = s.key) as part,
        (select value from said where topic = 'share base' and key = s.key) as base
    from said s
    where s.topic = 'share'
        and (getvariable('share') is null or s.key = getvariable('share')::varchar)
),
account as (
    select
        b.budget_no,
        b.rule as tally,
        regexp_extract(b.holder, '^(.*)@([^@]*)$', 1) as holder,
        regexp_extract(b.holder, '^(.*)@([^@]*)$', 2) as country,
        regexp_replace(b.holder_name, ', [^,]*$', '') as name
    from budget b
    cross join known
    where b.submission <= known.submission and b.rule in (select tally from rule)
),
moved as (
    select a.tally, a.holder, a.country, e.effective_on, sum(e.posted_mtpp)::bigint as amount_mtpp
    from entry e
    join account a on a.budget_no = e.budget_no
    cross join day
    where e.official = 1
        and e.effective_on <= day.as_of
        and e.seq <= coalesce(getvariable('known_seq')::bigint, 9223372036854775807)
    group by a.tally, a.holder, a.country, e.effective_on
),
reversal as (
    select seq, target_seq
    from movement
    where kind = 'reversal'
        and seq <= coalesce(getvariable('known_seq')::bigint, 9223372036854775807)
),
undone as (
    select target_seq as seq from reversal where seq not in (select target_seq from reversal)
),
-- Declarations that stand; of one day the last recorded counts.
standing as (
    select
        p.subject as holder,
        json_extract_string(m.details, '$.party') as name,
        coalesce(json_extract_string(m.details, '$.country'), '') as country,
        m.effective_on,
        m.seq,
        m.document,
        coalesce(m.amount_mtpp, 0) as amount_mtpp
    from movement m
    join about_party p on p.seq = m.seq
    cross join day
    where m.kind = 'installed_base'
        and m.effective_on <= day.as_of
        and m.seq <= coalesce(getvariable('known_seq')::bigint, 9223372036854775807)
        and m.seq not in (select seq from undone)
),
-- Who had something move, and companies of which only a base was declared.
holder as (
    select tally, holder, coalesce(min(name) filter (moved), min(name)) as name
    from (
        select tally, holder, name, true as moved from account
        union all
        select r.tally, s.holder, s.name, false
        from standing s
        join (select distinct tally from rule where holds = 'party') r on true
        where s.holder not in (select chip from movement where chip is not null)
    ) either
    where getvariable('holder') is null
        or holder = getvariable('holder')::varchar
        or holder = folded(getvariable('holder')::varchar)
        or folded(name) = folded(getvariable('holder')::varchar)
    group by tally, holder
),
declared as (
    select holder, country, effective_on, document, amount_mtpp
    from (
        select
            *,
            row_number() over (
                partition by holder, country order by effective_on desc, seq desc
            ) as turn
        from standing
    ) ranked
    where turn = 1
),
place as (
    select tally, holder, country from account
    union
    select h.tally, h.holder, d.country
    from holder h
    join declared d on d.holder = h.holder
    where d.country <> ''
),
-- What stands in each country: what was declared and what moved since.
stock as (
    select
        p.tally,
        p.holder,
        p.country,
        d.effective_on as declared_on,
        d.document,
        (coalesce(d.amount_mtpp, 0) + coalesce(sum(m.amount_mtpp) filter (
            d.effective_on is null or m.effective_on > d.effective_on), 0))::bigint as stock_mtpp,
        coalesce(sum(m.amount_mtpp), 0)::bigint as flow_mtpp
    from place p
    left join declared d on d.holder = p.holder and d.country = p.country
    left join moved m
        on m.tally = p.tally and m.holder = p.holder and m.country = p.country
    group by p.tally, p.holder, p.country, d.effective_on, d.document, d.amount_mtpp
),
whole as (
    select
        h.tally,
        h.holder,
        d.effective_on as declared_on,
        d.document,
        (d.amount_mtpp + coalesce(sum(m.amount_mtpp) filter (
            m.effective_on > d.effective_on), 0))::bigint as base_mtpp
    from holder h
    join declared d on d.holder = h.holder and d.country = ''
    left join moved m on m.tally = h.tally and m.holder = h.holder
    group by h.tally, h.holder, d.effective_on, d.document, d.amount_mtpp
),
-- Of whom a share is asked by where they are headquartered: as what stands was ruled.
asked as (
    select distinct a.tally, a.holder, unnest(ruled.shares) as share
    from (
        select ruling_no, json_extract(body, '$.shares')::varchar[] as shares
        from ruling
        where contains(body, '"shares"')
    ) ruled
    join movement m on m.ruling_no = ruled.ruling_no
    join entry e on e.seq = m.seq and e.official = 1
    join account a on a.budget_no = e.budget_no
    cross join day
    where m.kind <> 'reversal'
        and m.effective_on <= day.as_of
        and m.seq <= coalesce(getvariable('known_seq')::bigint, 9223372036854775807)
        and m.seq not in (select seq from undone)
),
part as (
    select
        r.key,
        h.holder,
        h.name,
        case when r.each then s.country end as country,
        sum(case when r.stock then s.stock_mtpp else s.flow_mtpp end)::bigint as part_mtpp
    from rule r
    join holder h on h.tally = r.tally
    join stock s on s.tally = h.tally and s.holder = h.holder
    where list_contains(string_split(r.part, ' '), s.country)
        and (
            r.of_hq is null
            or exists (
                select 1
                from asked a
                where a.tally = h.tally and a.holder = h.holder and a.share = r.key
            )
        )
    group by r.key, h.holder, h.name, case when r.each then s.country end
),
based as (
    select r.key, w.holder, w.declared_on, w.document, w.base_mtpp
    from rule r
    join whole w on w.tally = r.tally
    where r.base is null
    union all
    select
        r.key,
        s.holder,
        max(s.declared_on),
        max_by(s.document, s.declared_on),
        sum(s.stock_mtpp)::bigint
    from rule r
    join stock s on s.tally = r.tally
    where r.base is not null and list_contains(string_split(r.base, ' '), s.country)
    group by r.key, s.holder
    having count(s.declared_on) > 0
),
measured as (
    select
        p.holder,
        p.name,
        r.key as share,
        p.country,
        p.part_mtpp,
        b.base_mtpp,
        r.ppm,
        b.declared_on,
        b.document as declared_in,
        r.title,
        r.base is null as in_base,
        b.base_mtpp::hugeint * r.ppm - p.part_mtpp::hugeint * 1000000 as left_over,
        case when r.dates is not null then (
            select min(make_date(
                year(day.as_of) + later,
                string_split(one, '-')[1]::int, string_split(one, '-')[2]::int
            ))
            from (select unnest(string_split(r.dates, ' ')) as one) dates
            cross join (select unnest([0, 1]) as later) years
            cross join day
            where make_date(
                year(day.as_of) + later,
                string_split(one, '-')[1]::int, string_split(one, '-')[2]::int
            ) >= day.as_of
        ) end as next_measured_on
    from part p
    join rule r on r.key = p.key
    left join based b on b.key = p.key and b.holder = p.holder
),
told as (
    select
        holder,
        name,
        share,
        country,
        part_mtpp,
        base_mtpp,
        case when base_mtpp > 0 then
            (part_mtpp::hugeint * 10000 // base_mtpp)::bigint * 0.01::decimal(3, 2)
        end::decimal(18, 2) as share_percent,
        ((ppm // 100)::bigint * 0.01::decimal(3, 2))::decimal(18, 2) as limit_percent,
        case
            when base_mtpp is null then null
            when not in_base and left_over >= 0 then left_over // 1000000
            when not in_base then -((999999 - left_over) // 1000000)
            when ppm = 1000000 then null
            when left_over >= 0 then left_over // (1000000 - ppm)
            else -((999999 - ppm - left_over) // (1000000 - ppm))
        end::bigint as room_mtpp,
        case
            when base_mtpp is null then 'cannot be judged'
            when left_over >= 0 then 'within'
            when next_measured_on > (select as_of from day) then 'would exceed'
            else 'over'
        end as state,
        next_measured_on,
        declared_on,
        declared_in,
        title
    from measured
)
select *
from told
where getvariable('state') is null or state = getvariable('state')::varchar
order by name, holder, share, country nulls first;
