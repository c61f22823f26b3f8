-- Asked some times in a row: what a question and its answer take at least.
SELECT 1
