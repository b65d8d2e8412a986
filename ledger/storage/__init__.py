"""The append-only store: the chain, the two databases, their migrations, checks and copies.

Importing this package loads nothing; `ledger.storage.store` loads SQLAlchemy, and
`ledger.storage.head` reads a ledger's head without it.
"""
