"""UCDP: the Georeferenced Event Dataset as files and from the API."""
