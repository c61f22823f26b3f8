-- Who is behind a path, and how far behind it is: asked twice a second on one connection, as simple queries, which pin no proxy
-- session. Each function that is not everywhere is looked up, or asked for, in a statement of its own: where it is refused, the
-- rest is known all the same.

-- statement: server
SELECT host(inet_server_addr()) AS address,
       inet_server_port() AS port,
       pg_is_in_recovery() AS in_recovery,
       (extract(epoch FROM pg_postmaster_start_time()) * 1000000)::bigint AS postmaster_start_us,
       to_regproc('aurora_db_instance_identifier') IS NOT NULL AS is_aurora,
       to_regproc('aurora_replica_status') IS NOT NULL AS has_replica_status

-- statement: aurora_name
SELECT aurora_db_instance_identifier() AS name

-- A reader that has replayed all that it received is not behind: the age of its last commit only says that nobody writes.
-- statement: lag
SELECT CASE
           WHEN pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() THEN 0
           ELSE (extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp()) * 1000000)::bigint
       END AS lag_us

-- Aurora's readers replay no WAL, and refuse the functions above.
-- statement: aurora_lag
SELECT replica_lag_in_msec AS lag_ms FROM aurora_replica_status() WHERE server_id = aurora_db_instance_identifier()
