-- Who is behind a path, and how far behind it is: asked twice a second on one connection, as simple queries, which pin no proxy
-- session. The columns up to has_replica_status are one statement; where the server refuses that, each is asked for alone. What is
-- refused is left out and not asked for again on that connection; the rest is known all the same.

-- statement: address
SELECT host(inet_server_addr()) AS address

-- statement: port
SELECT inet_server_port() AS port

-- statement: in_recovery
SELECT pg_is_in_recovery() AS in_recovery

-- statement: postmaster_start_us
SELECT (extract(epoch FROM pg_postmaster_start_time()) * 1000000)::bigint AS postmaster_start_us

-- statement: is_aurora
SELECT to_regproc('aurora_db_instance_identifier') IS NOT NULL AS is_aurora

-- statement: has_replica_status
SELECT to_regproc('aurora_replica_status') IS NOT NULL AS has_replica_status

-- Functions that are not everywhere are asked for only where they are, in statements of their own.
-- statement: aurora_name
SELECT aurora_db_instance_identifier() AS aurora_name

-- A reader that has replayed all that it received is not behind: the age of its last commit only says that there are no writes.
-- statement: lag_us
SELECT CASE
           WHEN pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() THEN 0
           ELSE (extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp()) * 1000000)::bigint
       END AS lag_us

-- Aurora's readers replay no WAL, and refuse the functions above.
-- statement: aurora_lag_ms
SELECT (SELECT replica_lag_in_msec FROM aurora_replica_status() WHERE server_id = aurora_db_instance_identifier() LIMIT 1) AS aurora_lag_ms
