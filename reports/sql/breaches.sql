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
),
recorded as (
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
),
-- What is a breach as of the day, though nothing was recorded of it: goods that are not back.
live as (
    select *
    from movement
    where effective_on <= coalesce(getvariable('as_of')::date, current_date)
        and seq <= coalesce(getvariable('known_seq')::bigint, 9223372036854775807)
        and seq not in (
            select target_seq from reversal
            where seq not in (select target_seq from reversal)
        )
),
duty as (
    select
        json_extract_string(value, '$.how') as how,
        json_extract_string(value, '$.authorizations[*]') as authorizations
    from about
    join adoption using (submission)
    where topic = 'duty'
        and json_extract_string(value, '$.how') in ('due_back', 'replaced')
),
sent as (
    select
        live.*, duty.how,
        try_cast(json_extract_string(details, '$.due_back_on') as date) as due_back_on,
        json_extract_string(details, '$.shipment') as replaces,
        coalesce(json_extract_string(details, '$.shipment_line'), '1') as replaces_line
    from live
    join duty on list_contains(duty.authorizations, live."authorization")
    where kind in ('export', 'reexport', 'in_country_transfer', 'export_from_abroad')
),
back as (
    select target_seq, sum(quantity)::bigint as units
    from live
    where kind in ('return', 'attrition')
    group by target_seq
),
replaced as (
    select
        sent.source, sent.replaces, sent.replaces_line, max(back.units) as units,
        max(shipped.seq) as shipped_seq
    from sent
    left join live shipped on shipped.source = sent.source
        and shipped.document = sent.replaces and shipped.line = sent.replaces_line
        and shipped.kind in ('export', 'reexport', 'in_country_transfer', 'export_from_abroad')
    left join back on back.target_seq = shipped.seq
    where sent.how = 'replaced'
    group by sent.source, sent.replaces, sent.replaces_line
),
-- Of several replacements of one shipment's parts the earliest are covered first.
turn as (
    select
        seq,
        sum(quantity) over (
            partition by source, replaces, replaces_line order by effective_on, seq
        )::bigint as units
    from sent
    where how = 'replaced'
),
standing as (
    select
        sent.seq,
        (due_back_on + 1)::date as since_on,
        'temporary_export_overdue' as code,
        'due back ' || due_back_on || ', ' || coalesce(back.units, 0) || ' of '
            || sent.quantity || ' units back' as detail
    from sent
    left join back on back.target_seq = sent.seq
    where how = 'due_back'
        and due_back_on < coalesce(getvariable('as_of')::date, current_date)
        and coalesce(back.units, 0) < sent.quantity
    union all by name
    select
        sent.seq,
        (sent.effective_on + 1)::date as since_on,
        'replaced_part_not_back' as code,
        case
            when sent.replaces is null then 'names no shipment whose parts it replaces'
            when replaced.shipped_seq is null then
                sent.replaces || ' line ' || sent.replaces_line || ' is not on file'
            else turn.units || ' units of ' || sent.replaces || ' line ' || sent.replaces_line
                || ' replaced, ' || coalesce(replaced.units, 0) || ' returned or destroyed'
        end as detail
    from sent
    join turn on turn.seq = sent.seq
    left join replaced on replaced.source = sent.source
        and replaced.replaces = sent.replaces and replaced.replaces_line = sent.replaces_line
    where how = 'replaced'
        and sent.effective_on < coalesce(getvariable('as_of')::date, current_date)
        and coalesce(replaced.units, 0) < turn.units
),
computed as (
    select
        s.seq,
        0::smallint as ordinal,
        s.since_on as effective_on,
        m.kind,
        s.code,
        'breach' as family,
        coalesce(r.sentence, '') as sentence,
        s.detail,
        m.source,
        m.document,
        m.line,
        exporter.name as exporter,
        consignee.name as consignee,
        m.destination,
        m."authorization",
        m.chip,
        m.quantity
    from standing s
    join movement m on m.seq = s.seq
    left join reason r on r.code = s.code
    left join party exporter on exporter.party_no = m.exporter_no
    left join party consignee on consignee.party_no = m.consignee_no
    where getvariable('holder') is null
        and (getvariable('code') is null or s.code = getvariable('code')::varchar)
        and (getvariable('kind') is null or m.kind = getvariable('kind')::varchar)
        and (getvariable('from_on') is null or s.since_on >= getvariable('from_on')::date)
)
select * from recorded
union all by name
select * from computed
order by effective_on, seq, ordinal;
