"""Tier programmes: terms, the nightly look, what is issued, what it brought."""
