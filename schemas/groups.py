"""Names of the consumer groups and of the transactional id of Vigil's own workers, without the prefix of a cluster."""

from typing import Final

LEDGER: Final = "vigil-ledger"
ROLLER: Final = "vigil-roller"
"""Also the transactional id under which the one active roller writes."""
PROGRESS: Final = "vigil-roller-progress"
