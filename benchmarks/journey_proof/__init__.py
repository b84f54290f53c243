"""What journey_kills.py consists of: a shop with its town, a worker, and the checks."""
