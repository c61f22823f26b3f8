-- The table of the availability probes. Made by `recorder setup`.

-- Some rows for each path, as many as its writes may hold at once. Nothing but the key is indexed, so that updates are HOT.
CREATE TABLE IF NOT EXISTS business_availability (
    path TEXT,
    slot INTEGER,
    written_at TIMESTAMPTZ,
    PRIMARY KEY (path, slot)
);
