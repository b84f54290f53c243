"""Reads for calculations, by noun: rows as of a time, as arrays."""
