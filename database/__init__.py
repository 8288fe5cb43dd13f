"""The database: connections, the schema and its migrations, and the first books."""
