"""Webhooks: alerts as signed POST requests to the addresses of those who cannot hold a connection open."""
