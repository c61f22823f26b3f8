-- Write. $1 integer: the user; $2 text: the action; $3 text: details, which carry run, path and operation; $4 text: the IP address.
INSERT INTO business_logs (user_id, action, details, ip_address)
VALUES ($1, $2, $3, $4::inet)
