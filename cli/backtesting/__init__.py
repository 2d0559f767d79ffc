"""What rules would have told of the past: labels, numbers, charts and the report."""
