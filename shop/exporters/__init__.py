"""Facts out into files that the importers read back. Docs: docs/files.md.

An exporter lives with the models it reads and is found by kind and format, as an importer is.
"""
