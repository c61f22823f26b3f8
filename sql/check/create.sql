-- Whether this user may make tables where they would be looked for.
SELECT coalesce(has_schema_privilege(current_schema(), 'CREATE'), false) AS can_create, current_schema() AS schema
