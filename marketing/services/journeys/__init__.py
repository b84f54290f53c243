"""Journeys: written, reviewed, started by a trigger, walked step by step."""
