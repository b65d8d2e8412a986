-- The last day of a licence that holds so many years, as ledger/policy/licensing.py has it: a year
-- from 29 February ends on 28 February.
CREATE OR REPLACE MACRO expiry_of(issued_on, years) AS
    (issued_on + to_years(years))::DATE
    - CASE WHEN day(issued_on + to_years(years)) = day(issued_on) THEN 1 ELSE 0 END;
