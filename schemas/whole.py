"""Whole numbers as every column of a ledger keeps them: signed, of 64 bits."""

from __future__ import annotations

LARGEST_WHOLE = 2**63 - 1
