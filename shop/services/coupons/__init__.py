"""Coupons: offers, the ledger of coupons, and what a code takes off a cart. Rules: docs/coupons.md."""
