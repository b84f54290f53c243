"""Payment providers: one module per format. Each reads a signature and a body, and nothing else.

To add one: a module with `signature_of` and `read`, and a line in `registry.py`.
"""
