"""Benches: one script a claim."""
