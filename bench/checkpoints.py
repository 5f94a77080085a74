"""How often checkpoints have let a store's write-ahead log start anew."""

from pathlib import Path


def log_restarts(store):
    """The header's checkpoint sequence number. Reading it takes no lock of SQLite's, nor drops one: other process."""
    path = Path(f"{store.path}-wal")
    if not path.exists():
        return 0
    with open(path, "rb") as log:
        return int.from_bytes(log.read(16)[12:16], "big")
