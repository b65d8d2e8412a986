"""Alembic's scripts: one file in `versions/` for each schema version, run by storage/upgrade.py."""
