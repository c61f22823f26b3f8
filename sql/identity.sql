-- Who answers: asked once on every new connection, as a simple query, which pins no proxy session.
-- Aurora's own function is looked up first: calling it elsewhere would be an error.
SELECT host(inet_server_addr()) AS address,
       inet_server_port() AS port,
       current_setting('server_version') AS version,
       pg_is_in_recovery() AS in_recovery,
       (extract(epoch FROM pg_postmaster_start_time()) * 1000000)::bigint AS postmaster_start_us,
       to_regproc('aurora_db_instance_identifier') IS NOT NULL AS is_aurora
