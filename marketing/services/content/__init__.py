"""Words: briefs, candidates, chosen copy, and what proves them."""
