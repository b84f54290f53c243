"""Who is meant: segments, who is in them, the frozen audience, whom it pays to write to."""
