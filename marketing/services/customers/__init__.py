"""What is known and foreseen of customers: value, propensity, cohorts, personas."""
