"""The running service: its supervisor and roles, what they report, and the demo."""
