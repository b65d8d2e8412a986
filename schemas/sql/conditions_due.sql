-- Conditions on licences that are to be met by a day, as duties (reports/sql/due.sql).
CREATE OR REPLACE MACRO conditions_due(until_day, until_seq) AS TABLE
select
    duty.key as duty,
    concat_ws(chr(31), c.licence, c.condition) as identity,
    c.party,
    c.due_on,
    c.seq,
    c.licence as document,
    coalesce(c.since_on, c.from_on) as day,
    c.condition as counterpart,
    coalesce(c.wording, 'as the licence has it') as reason,
    c.state as "window",
    case when c.state = 'met' then c.since_on end as met_on,
    case when c.state = 'met' then c.reference end as met_by
from licence_conditions(until_day, until_seq) c
join adopted(until_seq) duty on duty.topic = 'duty'
    and contains(duty.value, '"how": "licence_condition"')
where c.due_on is not null;
