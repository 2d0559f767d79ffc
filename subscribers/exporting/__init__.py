"""Tables of events, alerts and measures: their columns, and the files and Arrow tables that hold them."""
