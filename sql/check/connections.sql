-- How many connections the server takes, keeps for its administrators, and has. -1 is no limit. Amazon's own setting and that of
-- PostgreSQL 16 are not everywhere.
SELECT current_setting('max_connections')::int AS max_connections,
       coalesce(nullif(current_setting('superuser_reserved_connections', true), ''), '0')::int
           + coalesce(nullif(current_setting('reserved_connections', true), ''), '0')::int
           + coalesce(nullif(current_setting('rds.rds_superuser_reserved_connections', true), ''), '0')::int AS reserved,
       (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend') AS used,
       (SELECT rolconnlimit FROM pg_roles WHERE rolname = current_user) AS role_limit,
       (SELECT datconnlimit FROM pg_database WHERE datname = current_database()) AS database_limit
