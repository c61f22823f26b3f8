-- What the server's clock says, and which server that is: asked some times in a row, as a simple query, which pins no proxy
-- session. All columns are one statement; where the server refuses that, each is asked for alone.

-- statement: address
SELECT host(inet_server_addr()) AS address

-- statement: port
SELECT inet_server_port() AS port

-- clock_timestamp(), not now(): that is the transaction's start.
-- statement: clock_us
SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint AS clock_us
