-- Breaches and refusals
-- Which facts exceed a limit or lack what they needed, and which requests were refused, and why?
-- as_of DATE: last day counted (default: today)
-- known_seq BIGINT: last movement known (default: all)
-- from_on DATE: first day counted (default: all)
-- holder VARCHAR: only findings on this holder's budgets, by code or by name (default: all)
-- code VARCHAR: only this finding (default: all)
-- kind VARCHAR: only on movements of this kind, say refusal (default: all)
-- notes VARCHAR: yes: also findings that accuse nobody (default: no)
-- options: cap_basis tally_country straddle lpp_d1_d4 lpp_year lpp_5a002z notice_3_2m
-- options: exceptions_count aia_certificate licences_before_compliance group_change
-- options: enforcement_view parent_rule system_tpp tf32_bits
-- first: seq effective_on kind code name short_mtpp sentence document asked_mtpp limit_mtpp
-- first: taken_mtpp detail reversed_by_seq consignee line
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
reason as (
    select key as code, max(value) as family, max(sentence) as sentence
    from about
    join adoption using (submission)
    where topic = 'refusal'
    group by key
),
found as (
    select *
    from finding
    where seq <= coalesce(getvariable('known_seq')::bigint, 9223372036854775807)
        and (getvariable('code') is null or code = getvariable('code')::varchar)
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
    where target_seq in (select seq from found)
        and seq not in (select target_seq from reversal)
    group by target_seq
)
select
    f.seq,
    f.ordinal,
    m.effective_on,
    m.kind,
    f.code,
    -- What refuses a request is a breach on a fact.
    case when r.family = 'refusal' and m.kind <> 'refusal' then 'breach'
        else coalesce(r.family, '') end as family,
    coalesce(r.sentence, '') as sentence,
    -- Of a licence's units and dollars the figures are no amounts: they are said in words.
    case f.code
        when 'licence_quantity_overdrawn' then
            'licensed ' || f.limit_mtpp || ' units, used ' || f.taken_mtpp || ', asked '
            || f.asked_mtpp || ', over by ' || f.short_mtpp
        when 'licence_value_overdrawn' then
            'licensed with its tolerance ' || (f.limit_mtpp // 100) || '.'
            || lpad((f.limit_mtpp % 100)::varchar, 2, '0') || ' USD, over by '
            || (f.short_mtpp // 100) || '.' || lpad((f.short_mtpp % 100)::varchar, 2, '0')
        else f.detail
    end as detail,
    b.holder,
    b.holder_name as name,
    b.rule as budget,
    b."window",
    case when f.code in ('licence_quantity_overdrawn', 'licence_value_overdrawn') then null
        else f.limit_mtpp end as limit_mtpp,
    case when f.code in ('licence_quantity_overdrawn', 'licence_value_overdrawn') then null
        else f.taken_mtpp end as taken_mtpp,
    case when f.code in ('licence_quantity_overdrawn', 'licence_value_overdrawn') then null
        else f.asked_mtpp end as asked_mtpp,
    case when f.code in ('licence_quantity_overdrawn', 'licence_value_overdrawn') then null
        else f.short_mtpp end as short_mtpp,
    m.source,
    m.document,
    m.line,
    exporter.name as exporter,
    consignee.name as consignee,
    m.destination,
    m."authorization",
    m.chip,
    m.quantity,
    undone.seq as reversed_by_seq
from found f
join movement m on m.seq = f.seq
left join budget b on b.budget_no = f.budget_no
left join reason r on r.code = f.code
left join undone on undone.target_seq = f.seq
left join party exporter on exporter.party_no = m.exporter_no
left join party consignee on consignee.party_no = m.consignee_no
where m.effective_on <= coalesce(getvariable('as_of')::date, current_date)
    and (getvariable('from_on') is null or m.effective_on >= getvariable('from_on')::date)
    and (getvariable('kind') is null or m.kind = getvariable('kind')::varchar)
    and (
        getvariable('holder') is null
        or b.holder = getvariable('holder')::varchar
        or lower(b.holder_name) = lower(getvariable('holder')::varchar)
    )
    and (getvariable('notes') = 'yes' or coalesce(r.family, '') <> 'note')
order by m.effective_on, f.seq, f.ordinal;
