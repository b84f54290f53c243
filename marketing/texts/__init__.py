"""What a text may say and is held to: its facts, the standards of its market, the review."""
