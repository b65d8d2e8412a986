"""The law as dated data: types, and the one file that reads it."""
