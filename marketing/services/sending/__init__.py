"""Messages leave: claimed, guarded, handed over at most once, and what becomes of them."""
