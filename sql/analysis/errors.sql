-- Failures per recording and path, by class and SQLSTATE, most frequent first.
--
-- error_class, sqlstate    a word of FORMAT.md; the server's code, null where none came
-- failures                 how many operations
-- first_us, last_us        end of the first and of the last, UTC microseconds

SELECT run_id,
       host,
       path,
       error_class,
       sqlstate,
       COUNT(*) AS failures,
       MIN(end_us) AS first_us,
       MAX(end_us) AS last_us
FROM operations
WHERE error_class IS NOT NULL
GROUP BY run_id, host, path, error_class, sqlstate
ORDER BY run_id, host, path, failures DESC, first_us
