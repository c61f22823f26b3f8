-- Sessions of a run that still do something: what they write may come late. Of another user's sessions only a member of pg_read_all_stats sees
-- what they do; a pooler keeps idle ones under the run's name. $1 text[]: the names that the recorder gave them; $2 text: the name that the user
-- gave them, or null; $3 and $4 bigint: with that name, only those that began between these, microseconds since 1970.
SELECT count(*) FILTER (WHERE state <> 'idle') AS busy,
       count(*) FILTER (WHERE state IS NULL) AS hidden
FROM pg_stat_activity
WHERE pid <> pg_backend_pid()
  AND (application_name = ANY ($1)
       OR (application_name = $2 AND usename = current_user
           AND backend_start BETWEEN to_timestamp($3 / 1000000.0) AND to_timestamp($4 / 1000000.0)))
