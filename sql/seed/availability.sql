-- What the availability probes read and write: of each path as many rows as its writes may hold at once.
INSERT INTO business_availability (path, slot)
SELECT path, slot FROM unnest(ARRAY['direct', 'proxy']) AS path, generate_series(0, 19) AS slot
ON CONFLICT DO NOTHING
