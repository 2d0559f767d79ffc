"""The running service: its supervisor and roles, the broker and topics, what they report, and the demo."""
