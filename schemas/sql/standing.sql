-- The movements until a day, as known until one of them, that are not reversed. A reversal that was
-- itself reversed stands no longer: what it had reversed is restored.
CREATE OR REPLACE MACRO standing(until_day, until_seq) AS TABLE
with reversal as (
    select seq, target_seq
    from movement
    where kind = 'reversal' and seq <= until_seq
),
undone as (
    select r.target_seq as seq
    from reversal r
    anti join reversal again on again.target_seq = r.seq
)
select m.*
from movement m
anti join undone on undone.seq = m.seq
where m.effective_on <= until_day and m.seq <= until_seq;
