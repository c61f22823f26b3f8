-- Whether the table of the availability probes is there (in the search path).
SELECT to_regclass('business_availability') IS NOT NULL AS is_there
