"""The last yards of a message: filled in, wrapped for its channel, when it may leave, the port out."""
