"""The append-only log: its topics, its forms, bulk reading and writing, and the embedded broker."""
