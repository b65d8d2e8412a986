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
with reason as (
    select key as code, max(value) as family, max(sentence) as sentence
    from adopted(coalesce(getvariable('known_seq')::bigint, 9223372036854775807))
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
        and held_by(b.holder, b.holder_name, getvariable('holder')::varchar)
        and (getvariable('notes') = 'yes' or coalesce(r.family, '') <> 'note')
),
-- What is a breach as of the day, though nothing was recorded of it: goods that are not back, and
-- facilities that more left than came to.
told as materialized (
    select value from adopted(coalesce(getvariable('known_seq')::bigint, 9223372036854775807))
    where topic = 'duty'
),
duty as (
    select
        json_extract_string(value, '$.how') as how,
        unnest(json_extract(value, '$.authorizations')::varchar[]) as code
    from told
    where json_extract_string(value, '$.how') in ('due_back', 'facility_account')
),
temporary as materialized (
    select
        m.seq,
        m.quantity,
        try_cast(json_extract_string(m.details, '$.due_back_on') as date) as due_back_on
    from standing(
        coalesce(getvariable('as_of')::date, current_date),
        coalesce(getvariable('known_seq')::bigint, 9223372036854775807)
    ) m
    join duty on duty.how = 'due_back' and duty.code = m."authorization"
    where m.kind in ('export', 'reexport', 'in_country_transfer', 'export_from_abroad')
        and m."authorization" in (select code from duty where how = 'due_back')
),
back as (
    select target_seq, sum(quantity)::bigint as units
    from standing(
        coalesce(getvariable('as_of')::date, current_date),
        coalesce(getvariable('known_seq')::bigint, 9223372036854775807)
    )
    where kind in ('return', 'attrition')
        and target_seq in (select seq from temporary)
    group by target_seq
),
-- Day by day, what came to a facility and what left it.
stocked as (
    select
        folded(owner) as owner_key,
        folded(facility) as facility_key,
        country,
        chip,
        effective_on,
        min(owner) as owner,
        min(facility) as facility,
        max(seq) filter (stock_mtpp < 0) as seq,
        bool_or("authorization" in (select code from duty where how = 'facility_account'))
            as accounted,
        sum(stock_mtpp) as stock_mtpp,
        sum(greatest(stock, 0)) as came,
        sum(greatest(-stock, 0)) as gone
    from facility_events(
        coalesce(getvariable('as_of')::date, current_date),
        coalesce(getvariable('known_seq')::bigint, 9223372036854775807)
    )
    where owner is not null
    group by owner_key, facility_key, country, chip, effective_on
),
on_hand as (
    select
        *,
        bool_or(accounted) over whole as asked,
        min(owner || ', ' || facility) over whole as place,
        sum(stock_mtpp) over whole as left_mtpp,
        sum(came) over whole as all_came,
        sum(gone) over whole as all_gone,
        sum(stock_mtpp) over (
            partition by owner_key, facility_key, country, chip order by effective_on
        ) as day_mtpp
    from stocked
    window whole as (partition by owner_key, facility_key, country, chip)
),
-- It is since the day from which on what is on hand has been below zero.
below_zero as (
    select
        *,
        row_number() over (
            partition by owner_key, facility_key, country, chip order by effective_on
        ) as turn
    from (
        select
            *,
            max(case when day_mtpp >= 0 then effective_on end) over (
                partition by owner_key, facility_key, country, chip
            ) as sound_on
        from on_hand
        where asked and left_mtpp < 0
    ) accounts
    where sound_on is null or effective_on > sound_on
),
standing_breach as (
    select
        seq,
        (due_back_on + 1)::date as since_on,
        'temporary_export_overdue' as code,
        'due back ' || due_back_on || ', ' || coalesce(units, 0) || ' of ' || quantity
            || ' units back' as detail
    from temporary
    left join back on back.target_seq = temporary.seq
    where due_back_on < coalesce(getvariable('as_of')::date, current_date)
        and coalesce(units, 0) < quantity
    union all by name
    select
        r.seq,
        (m.effective_on + 1)::date as since_on,
        'replaced_part_not_back' as code,
        case
            when r.replaces is null then 'names no shipment whose parts it replaces'
            when r.shipped_seq is null then
                r.replaces || ' line ' || r.replaces_line || ' is not on file'
            else r.units || ' units of ' || r.replaces || ' line ' || r.replaces_line
                || ' replaced, ' || r.back_units || ' returned or destroyed'
        end as detail
    from replacements(
        coalesce(getvariable('as_of')::date, current_date),
        coalesce(getvariable('known_seq')::bigint, 9223372036854775807)
    ) r
    join movement m on m.seq = r.seq
    where r.covered_on is null
        and m.effective_on < coalesce(getvariable('as_of')::date, current_date)
    union all by name
    select
        seq,
        effective_on as since_on,
        'more_left_than_came' as code,
        place || ': ' || coalesce(all_came || ' units of ' || chip || ' came, '
            || all_gone || ' left', grouped(-left_mtpp::bigint) || ' more left') as detail
    from below_zero
    where turn = 1
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
    from standing_breach s
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
