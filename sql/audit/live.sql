-- Sessions of a run that had something to do lately: it goes on, although its recording is not being written on this host. Whether another user's
-- session had only a member of pg_read_all_stats sees; where it is not told, the session counts. A pooler keeps idle ones for long.
-- $1 text[]: the names that the recorder gave them.
SELECT count(*) AS sessions
FROM pg_stat_activity
WHERE pid <> pg_backend_pid()
  AND application_name = ANY ($1)
  AND coalesce(state_change > clock_timestamp() - interval '10 seconds', true)
