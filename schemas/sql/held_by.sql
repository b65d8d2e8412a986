-- Whether the holder of a key and a name is who is asked for: by either, or as a company (by its
-- name key) that has an account in a country. Nobody is asked for where that is NULL.
CREATE OR REPLACE MACRO held_by(holder_key, holder_title, asked_for) AS
    asked_for IS NULL
    OR holder_key = asked_for
    OR holder_key = folded(asked_for)
    OR folded(holder_title) = folded(asked_for)
    OR starts_with(holder_key, folded(asked_for) || '@');
