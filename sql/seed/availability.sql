-- One row for each path: what the availability probes read and write.
INSERT INTO business_availability (path) VALUES ('direct'), ('proxy') ON CONFLICT DO NOTHING
