"""The schema, its migrations and the seed."""
