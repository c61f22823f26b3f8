-- Sessions of a run that still do something: what they write may come late. What other users' sessions do only a member of pg_read_all_stats sees,
-- but each transaction holds the lock of its virtual number. A pooler keeps idle sessions under the run's name. $1 text[]: the names that the
-- recorder gave them; $2 text: the name that the user gave them, or null; $3 and $4 bigint: with that name, only those that began between
-- these, microseconds since 1970.
SELECT count(*) AS sessions
FROM pg_stat_activity AS session
WHERE pid <> pg_backend_pid()
  AND CASE
          WHEN state IS NULL OR state = 'disabled'
              THEN EXISTS (SELECT FROM pg_locks AS held WHERE held.pid = session.pid AND held.locktype = 'virtualxid')
          ELSE state <> 'idle'
      END
  AND (application_name = ANY ($1)
       OR (application_name = $2 AND usename = current_user
           AND backend_start BETWEEN to_timestamp($3 / 1000000.0) AND to_timestamp($4 / 1000000.0)))
