"""Reports: only read the columnar copy."""
