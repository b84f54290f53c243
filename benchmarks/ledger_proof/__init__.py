"""Proof that the ledgers hold: real servers, real clients, real kills. See __main__.py."""
