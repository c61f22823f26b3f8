-- Servers that follow this one.
SELECT count(*) AS standbys FROM pg_stat_replication
