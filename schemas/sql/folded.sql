-- A name in one case and with single blanks: spellings that differ in no more are one party, or one
-- site.
CREATE OR REPLACE MACRO folded(name) AS lower(regexp_replace(trim(name), '\s+', ' ', 'g'));
