-- The conditions on licences, one line each: what was last declared of it that holds on the day,
-- from when it is known, and by when it is to be met. Whose last word holds no longer is open.
CREATE OR REPLACE MACRO licence_conditions(until_day, until_seq) AS TABLE
with declared as (
    select
        m.seq,
        m.licence,
        m.document,
        m.effective_on,
        json_extract_string(m.details, '$.condition') as condition,
        json_extract_string(m.details, '$.status') as status,
        json_extract_string(m.details, '$.party') as party,
        json_extract_string(m.details, '$.wording') as wording,
        json_extract_string(m.details, '$.reference') as reference,
        json_extract_string(m.details, '$.due_on')::date as due_on,
        coalesce(json_extract_string(m.details, '$.until_on')::date >= until_day, true) as holds
    from standing(until_day, until_seq) m
    where m.kind = 'condition' and m.licence is not null
)
select
    licence,
    condition,
    coalesce(arg_max(status, (effective_on, seq)) filter (holds), 'open') as state,
    arg_max(effective_on, (effective_on, seq)) filter (holds) as since_on,
    arg_max(coalesce(reference, document), (effective_on, seq)) filter (holds) as reference,
    arg_max(party, (effective_on, seq)) as party,
    arg_max(wording, (effective_on, seq)) filter (wording is not null) as wording,
    arg_max(due_on, (effective_on, seq)) filter (due_on is not null) as due_on,
    min(effective_on) as from_on,
    min(seq) as seq
from declared
group by licence, condition;
