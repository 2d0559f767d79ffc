"""From what feeds call a country, a place, an actor or a mission to what Vigil calls it."""
