"""What people see of alerts and say about them: lists, explanations, formats, notifications, silences."""
