-- What the availability probes read and write: of each path a row for each question that may be in flight.
INSERT INTO business_availability (path, slot)
SELECT path, slot FROM unnest(ARRAY['direct', 'proxy']) AS path, generate_series(0, 9) AS slot
ON CONFLICT DO NOTHING
