-- Marks the tables: $1 text: 'pgoutage run' before the first operation of a run, 'pgoutage audit' after its audit; $2 text: the run id.
INSERT INTO business_logs (action, details) VALUES ($1, $2)
