-- The runs that left rows. A run is known by its token, by that of a path and by the identities of its rows: the tokens may have been deleted.
-- An audit counts where its mark came after every log of the run.

-- One row for each run.
-- statement: of_logs
SELECT run_id, coalesce(max(id) FILTER (WHERE is_mark) > coalesce(max(id) FILTER (WHERE NOT is_mark), 0), false) AS is_audited
FROM (
    SELECT id, action = 'pgoutage audit' AS is_mark,
           CASE WHEN action IN ('pgoutage run', 'pgoutage audit') THEN details ELSE left(details, 21) END AS run_id
    FROM business_logs
    WHERE action IN ('pgoutage run', 'pgoutage path', 'pgoutage audit') OR details ~ '^\d{8}T\d{6}Z-[0-9a-f]{4}-[dp]-'
) AS rows
WHERE run_id IS NOT NULL
GROUP BY run_id
HAVING count(*) FILTER (WHERE NOT is_mark) > 0;

-- One row for each run.
-- statement: of_orders
SELECT DISTINCT left(order_number, 21) AS run_id
FROM business_orders
WHERE order_number ~ '^\d{8}T\d{6}Z-[0-9a-f]{4}-[dp]-';
