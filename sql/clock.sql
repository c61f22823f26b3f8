-- What the server's clock says, and which server that is: asked some times in a row, as a simple query, which pins no proxy
-- session. clock_timestamp(), not now(): that is the transaction's start.
SELECT host(inet_server_addr()) AS address,
       inet_server_port() AS port,
       (extract(epoch FROM clock_timestamp()) * 1000000)::bigint AS clock_us
