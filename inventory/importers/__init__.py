"""What this app reads from files: one module per kind, loaded by the register only."""
