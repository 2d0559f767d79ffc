"""What is asked of the read model: every SELECT of the service, the same in SQLite and PostgreSQL.

Pages go on behind the last row (keyset), never by counting rows off. Whatever is asked of one connection sees the
database as of one moment.
"""
