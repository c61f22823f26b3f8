-- Who answers: asked once on every new connection, as a simple query, which pins no proxy session. All columns are one statement;
-- where the server refuses that, each is asked for alone, and what is refused is left out.

-- statement: address
SELECT host(inet_server_addr()) AS address

-- statement: port
SELECT inet_server_port() AS port

-- statement: version
SELECT current_setting('server_version') AS version

-- statement: in_recovery
SELECT pg_is_in_recovery() AS in_recovery

-- statement: postmaster_start_us
SELECT (extract(epoch FROM pg_postmaster_start_time()) * 1000000)::bigint AS postmaster_start_us

-- Of a writer: the first 8 of the 24 hexadecimal digits of a file's name are the timeline. The file of the control data is behind until the
-- first checkpoint after a promotion.
-- statement: timeline
SELECT CASE WHEN NOT pg_is_in_recovery()
            THEN ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::integer END AS timeline

-- Aurora's own function is looked up first: calling it elsewhere would be an error.
-- statement: is_aurora
SELECT to_regproc('aurora_db_instance_identifier') IS NOT NULL AS is_aurora

-- Asked only where it is there, in a statement of its own.
-- statement: aurora_name
SELECT aurora_db_instance_identifier() AS aurora_name
