-- The runs whose token is in the table and which no audit was noted of. One row for each.
SELECT run.details AS run_id
FROM business_logs AS run
WHERE run.action = 'pgoutage run'
  AND run.details IS NOT NULL
  AND NOT EXISTS (SELECT FROM business_logs AS audit WHERE audit.action = 'pgoutage audit' AND audit.details = run.details)
GROUP BY run.details
ORDER BY run.details
