-- Does the connection live? Asked of one that was idle for longer than --pool-idle-check, before an operation gets it.
SELECT 1
