"""The log as a whole: archived, exported, computed again, rehearsed and verified."""
