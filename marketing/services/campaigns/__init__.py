"""The way of a campaign from draft to sent, and what purchasing hears of it."""
