-- Whom a company belongs to in the end on a day, as declared and known by then: its ultimate
-- parents, by the keys of their names, each since when. Who belongs to nobody has none.
CREATE OR REPLACE MACRO ultimate_parents(until_day, until_seq) AS TABLE
with recursive declared as (
    select
        m.seq,
        m.kind,
        m.effective_on,
        m.details,
        p.subject as party,
        p.object as owner,
        coalesce(json_extract_string(m.details, '$.percent')::decimal(18, 9), 100) as share
    from standing(until_day, until_seq) m
    join about_party p on p.seq = m.seq
    where m.kind in ('ownership', 'party_merged')
),
related as (
    select
        kind, party, owner, effective_on, seq, share,
        coalesce((
            select value from adopted(until_seq) where topic = 'option' and key = 'parent_rule'
        ), 'declared') as rule,
        row_number() over (
            partition by kind, party, owner order by effective_on desc, seq desc
        ) as nth
    from declared
    where coalesce(
        json_extract_string(details, '$.until_on')::date
        >= until_day,
        true
    )
),
-- The latest merger goes before any owner; of owners the last of all, the one of the majority, or
-- each, as the option says.
owning as (
    select
        kind, party, owner, effective_on as from_on, rule,
        row_number() over (partition by party order by effective_on desc, seq desc) as nth
    from related r
    where kind = 'party_merged' or (
        not exists (
            select 1 from related o where o.party = r.party and o.kind = 'party_merged'
        )
        and share > case rule when 'majority' then 50 else 0 end
        and case rule when 'declared' then share >= 100 else nth = 1 end
    )
),
belongs as (
    select party, owner, from_on
    from owning
    where nth = 1 or (rule = 'each_joint_venturer' and kind = 'ownership')
),
above as (
    select party, owner, from_on, [party, owner] as path
    from belongs
    union all
    select a.party, b.owner, greatest(a.from_on, b.from_on), list_append(a.path, b.owner)
    from above a
    join belongs b on b.party = a.owner
    where not list_contains(a.path, b.owner)
)
select party, owner, from_on
from above a
where not exists (
    select 1 from belongs b where b.party = a.owner and not list_contains(a.path, b.owner)
);
