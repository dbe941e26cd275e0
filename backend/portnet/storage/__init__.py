"""Everything that touches a database: engines, tables, migrations, units of work. No rules."""
