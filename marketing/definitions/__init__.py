"""What people define and the program reads: rules of segments, steps of journeys. Checked; no writes."""
