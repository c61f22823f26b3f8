-- The availability probes of one path: a read and a write of its own rows, as simple queries, which pin no proxy session. $1 is the
-- path's name.

-- The read is one statement: the row, and with it who answers, and how far behind it is. What the server refuses to say of itself is
-- left out and not asked for again; the row must come.
-- statement: row
SELECT path

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

-- As in probe.sql. Aurora's readers replay no WAL, and refuse these functions.
-- statement: lag_us
SELECT CASE
           WHEN NOT pg_is_in_recovery() OR to_regproc('aurora_db_instance_identifier') IS NOT NULL THEN NULL
           WHEN pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() THEN 0
           ELSE (extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp()) * 1000000)::bigint
       END AS lag_us

-- The two on Aurora alone.
-- statement: aurora_name
SELECT aurora_db_instance_identifier() AS aurora_name

-- statement: aurora_lag_ms
SELECT CASE WHEN pg_is_in_recovery() THEN (SELECT replica_lag_in_msec FROM aurora_replica_status() WHERE server_id = aurora_db_instance_identifier() LIMIT 1) END AS aurora_lag_ms

-- How many sessions wait for a synchronous standby, of those that the user may see: of its own role, or all with pg_read_all_stats. Asked with few
-- of the reads, as the server copies the state of all its sessions for it. The function: the view over it takes three times as long. What was sent
-- just now waits for as long as any commit does. LWLock has a SyncRep too.
-- statement: sync_rep_waits
SELECT CASE
           WHEN current_setting('synchronous_standby_names') = '' THEN 0
           ELSE (SELECT count(*) FROM pg_stat_get_activity(NULL)
                 WHERE wait_event_type = 'IPC' AND wait_event = 'SyncRep' AND query_start <= clock_timestamp() - interval '100 ms')
       END AS sync_rep_waits

-- statement: from
FROM business_availability WHERE path = $1 AND slot = 0

-- Asked before a run.
-- statement: rows
SELECT count(*) FROM business_availability WHERE path = $1

-- The write takes any row that is free, and commits by itself; its answer says who answered. A write that was given up may hold its row still,
-- such as one whose commit waits for a standby. It is not waited for: else sessions would pile up at the server behind it, ten more each second.
-- statement: write
UPDATE business_availability SET written_at = clock_timestamp() WHERE (path, slot) =
    (SELECT path, slot FROM business_availability WHERE path = $1 FOR NO KEY UPDATE SKIP LOCKED LIMIT 1)

-- Where the server refuses these, the write goes without them.
-- statement: returning
RETURNING host(inet_server_addr()) AS address, inet_server_port() AS port, pg_is_in_recovery() AS in_recovery,
    (extract(epoch FROM pg_postmaster_start_time()) * 1000000)::bigint AS postmaster_start_us,
    to_regproc('aurora_db_instance_identifier') IS NOT NULL AS is_aurora
