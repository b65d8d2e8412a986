"""The verbs: what a person asks of a ledger, each one transaction."""
