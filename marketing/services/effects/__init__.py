"""What messages caused, against whom they were not sent to, and what that cost."""
