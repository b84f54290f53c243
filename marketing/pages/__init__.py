"""What pages show, as plain values in a fixed number of queries: for the back office and the API."""
