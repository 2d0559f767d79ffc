"""The read model: what the log says, as tables that answer quickly; it is rebuilt from the log when it is lost."""
