"""Measures what a bundle and a policy are worth on labelled pictures and clips. Run: python -m tools.evaluate."""
