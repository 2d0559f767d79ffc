"""The schema's revisions, each a module in `versions`; Alembic loads them from this folder."""
