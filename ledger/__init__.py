"""A ledger of compute allowances: it decides and remembers."""
