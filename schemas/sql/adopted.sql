-- What the regime says, of the adoption in force when a movement was the last known.
CREATE OR REPLACE MACRO adopted(until_seq) AS TABLE
select a.*
from about a
where a.submission = (
    select coalesce(
        max(case when about.submission <= last.submission then about.submission end),
        min(about.submission)
    )
    from about
    cross join (
        select coalesce(max(submission), 0) as submission
        from submission
        where first_seq <= until_seq
    ) last
);
