"""Files in, facts written. An importer lives with the models it fills and is found by its kind.

To add a kind: docs/import.md, "Adding a kind". Importing this package loads polars, so it is done
inside commands and jobs, never at start-up.
"""
