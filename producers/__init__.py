"""A module or a folder per source: a pure `parse` from bytes to events, and the thin loop that publishes them.

`reading` turns files into cells, `codes` turns what feeds call something into what Vigil calls it, and `watching`
follows a provider; `feeds` and `providers` say which module reads and which follows a source.
"""
