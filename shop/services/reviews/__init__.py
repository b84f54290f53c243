"""Reviews: asked for, written, looked through, published."""
