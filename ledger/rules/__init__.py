"""What may draw on what: pure functions, without file, database, clock or network."""
