"""The layout of the UCI "Online Retail" files: one row per invoice line, cancellations among them.

What becomes of each row: docs/import.md, "online-retail".
"""
