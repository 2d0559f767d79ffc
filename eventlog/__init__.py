"""The append-only log: its topics, its forms, bulk reading and writing; what lets us in; the embedded broker."""
