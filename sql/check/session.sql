-- Settings of the session that end statements, transactions or connections, in milliseconds, or refuse writes; and where each was
-- set. Those that this version does not have are not there.
SELECT name, setting, source
FROM pg_settings
WHERE name IN ('default_transaction_read_only', 'transaction_read_only', 'statement_timeout', 'lock_timeout',
               'idle_in_transaction_session_timeout', 'idle_session_timeout', 'transaction_timeout')
