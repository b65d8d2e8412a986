"""The migrations, each named by the schema version it leads to."""
