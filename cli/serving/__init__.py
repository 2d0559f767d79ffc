"""What is served beside the log: the read model, the tokens that the server takes, and webhooks."""
