"""Words and shapes: what the ledger speaks of. Imports nothing else of this project."""
