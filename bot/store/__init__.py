"""The database: engine, tables, unit of work, effect table, named reads."""
