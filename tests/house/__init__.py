"""Checks of the house itself: sizes, imports, pages, start-up."""
