"""Messages about alerts in the formats of others: CAP and Atom, with areas and the sources they rest on."""
