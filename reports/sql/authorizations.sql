-- Shipments by authorization
-- How much went to each destination, and under which authorization?
-- as_of DATE: last day counted (default: today)
-- known_seq BIGINT: last movement known (default: all)
-- from_on DATE: first day counted (default: all)
-- destination VARCHAR: only this destination, by ISO code (default: all)
-- authorization VARCHAR: only under this authorization (default: all)
-- options: exceptions_count cap_basis reexport_country_effect in_country_transfer
-- options: nveu_account nveu_base nveu_conversion system_tpp tf32_bits enforcement_view
-- first: destination name authorization shipped_mtpp shipments quantity returned_mtpp last_on
with reversal as (
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
back as (
    select target_seq, sum(amount_mtpp)::bigint as amount_mtpp
    from movement
    where kind in ('return', 'attrition')
        and effective_on <= coalesce(getvariable('as_of')::date, current_date)
        and seq <= coalesce(getvariable('known_seq')::bigint, 9223372036854775807)
        and not exists (select 1 from undone where undone.seq = movement.seq)
    group by target_seq
),
-- A destination is called as a budget's holder is, or, where it has none, as the regime has it.
called as (
    select
        code,
        coalesce(
            max(case when held then name end), max(case when not held then name end)
        ) as name
    from (
        select holder as code, holder_name as name, true as held
        from budget
        union all
        select key, value, false
        from about
        where topic = 'country'
    )
    group by code
)
select
    coalesce(s.destination, '') as destination,
    max(called.name) as name,
    coalesce(s."authorization", 'unstated') as "authorization",
    count(*) as shipments,
    sum(s.quantity)::bigint as quantity,
    sum(s.amount_mtpp)::bigint as shipped_mtpp,
    coalesce(sum(back.amount_mtpp), 0)::bigint as returned_mtpp,
    min(s.effective_on) as first_on,
    max(s.effective_on) as last_on
from movement s
left join back on back.target_seq = s.seq
left join called on called.code = s.destination
where s.kind in ('export', 'reexport', 'in_country_transfer', 'export_from_abroad')
    and s.effective_on <= coalesce(getvariable('as_of')::date, current_date)
    and s.seq <= coalesce(getvariable('known_seq')::bigint, 9223372036854775807)
    and not exists (select 1 from undone where undone.seq = s.seq)
    and (getvariable('from_on') is null or s.effective_on >= getvariable('from_on')::date)
    and (
        getvariable('destination') is null
        or s.destination = getvariable('destination')::varchar
    )
    and (
        getvariable('authorization') is null
        or s."authorization" = getvariable('authorization')::varchar
    )
group by coalesce(s.destination, ''), coalesce(s."authorization", 'unstated')
order by coalesce(s.destination, ''), coalesce(s."authorization", 'unstated');
