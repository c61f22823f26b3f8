-- How many connections the server takes, keeps for its administrators, and has. Asked as one statement; where the server refuses
-- that, each column is asked for alone, and what is refused is not known.

-- statement: max_connections
SELECT current_setting('max_connections')::int AS max_connections

-- Amazon's own setting and that of PostgreSQL 16 are not everywhere.
-- statement: reserved
SELECT coalesce(nullif(current_setting('superuser_reserved_connections', true), ''), '0')::int
           + coalesce(nullif(current_setting('reserved_connections', true), ''), '0')::int
           + coalesce(nullif(current_setting('rds.rds_superuser_reserved_connections', true), ''), '0')::int AS reserved

-- Every user may read numbackends. Physical replication is not in it, and takes no place of max_connections since PostgreSQL 12.
-- statement: backends
SELECT (SELECT sum(numbackends) FROM pg_stat_database) AS backends

-- Processes of the server's own that are in numbackends and take no place: those that work for no user (autovacuum), and of the
-- sessions whose kind this user may see, the workers. The kind of another user's session is null.
-- statement: workers
SELECT (SELECT count(*) FROM pg_stat_activity
        WHERE datid IS NOT NULL AND (usesysid IS NULL OR backend_type <> 'client backend')) AS workers

-- statement: database_backends
SELECT (SELECT numbackends FROM pg_stat_database WHERE datname = current_database()) AS database_backends

-- statement: database_workers
SELECT (SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND (usesysid IS NULL OR backend_type <> 'client backend')) AS database_workers

-- -1 is no limit, here and below.
-- statement: database_limit
SELECT (SELECT datconnlimit FROM pg_database WHERE datname = current_database()) AS database_limit

-- A role sees its own sessions whole.
-- statement: role_used
SELECT (SELECT count(*) FROM pg_stat_activity
        WHERE usename = session_user AND backend_type IN ('client backend', 'walsender')) AS role_used

-- statement: role_limit
SELECT (SELECT rolconnlimit FROM pg_roles WHERE rolname = session_user) AS role_limit

-- No limit of a role or a database binds a superuser, and what is reserved is reserved for it.
-- statement: is_superuser
SELECT (SELECT rolsuper FROM pg_roles WHERE rolname = session_user) AS is_superuser
