"""Counts the pages that a create writes to the log of an SQLite store, with other indexes than today's beside it.

    python3 bench/pages.py [RECORDS ...]

A count, not a measurement: the same on every machine. docs/performance.md, "Pages of a create".
"""

import hashlib
import os
import random
import sqlite3
import sys
import tempfile

PAGE = 4096
FRAME = 24 + PAGE  # fileformat2.html, 4.1
WAL_HEADER = 32
MEASURED = 2048  # creates

# Beside the table, a commit changes the organization's count and the mark (core/src/sqlite/file/mark.h).
OTHERS = """
CREATE TABLE organizations(rowid INTEGER PRIMARY KEY, applications INTEGER NOT NULL);
CREATE TABLE meta(name TEXT PRIMARY KEY, value) WITHOUT ROWID;
INSERT INTO organizations VALUES(1, 0);
INSERT INTO meta VALUES('mark', zeroblob(60));
"""
COLUMNS = "rowid INTEGER PRIMARY KEY, organization INTEGER NOT NULL, id BLOB NOT NULL UNIQUE, slug TEXT NOT NULL"
KINDS = {
    "today": [f"CREATE TABLE applications({COLUMNS}, data BLOB NOT NULL, UNIQUE(organization, slug))"],
    # 64 bits of a hash of organization and slug. It is no constraint: equal ones are looked at before an insert.
    "index on a hash": [
        f"CREATE TABLE applications({COLUMNS}, data BLOB NOT NULL, hash INTEGER NOT NULL)",
        "CREATE INDEX applications_hash ON applications(hash)",
    ],
    "records apart": [
        f"CREATE TABLE applications({COLUMNS}, UNIQUE(organization, slug))",
        "CREATE TABLE records(rowid INTEGER PRIMARY KEY, data BLOB NOT NULL)",
    ],
}


class Store:
    def __init__(self, path: str, kind: str) -> None:
        self.path, self.kind, self.records = path, kind, 0
        self.random = random.Random(1)
        self.db = sqlite3.connect(path, isolation_level=None)
        for pragma in (f"page_size={PAGE}", "journal_mode=WAL", "wal_autocheckpoint=0", "synchronous=OFF"):
            self.db.execute(f"PRAGMA {pragma}")
        self.db.executescript(OTHERS)
        for statement in KINDS[kind]:
            self.db.execute(statement)

    def create(self, creates: int) -> None:
        """In one transaction."""
        self.db.execute("BEGIN")
        for _ in range(creates):
            self.records += 1
            slug = f"{self.random.getrandbits(48):x}-application"
            data = self.random.randbytes(self.random.randrange(1200, 1400))
            # 20,000 a second.
            second = 1_760_000_000 + self.records // 20_000
            row = {"id": second.to_bytes(4) + b"worker" + (self.records % 65536).to_bytes(2), "slug": slug}
            if self.kind == "records apart":
                self.db.execute("INSERT INTO records(data) VALUES(?)", (data,))
            else:
                row["data"] = data
            if self.kind == "index on a hash":
                row["hash"] = int.from_bytes(hashlib.sha256(slug.encode()).digest()[:8], signed=True)
            columns = ", ".join(row)
            values = ", ".join(f":{name}" for name in row)
            self.db.execute(f"INSERT INTO applications(organization, {columns}) VALUES(1, {values})", row)
        self.db.execute("UPDATE organizations SET applications = applications + ?", (creates,))
        self.db.execute("UPDATE meta SET value = ?", (self.random.randbytes(60),))
        self.db.execute("COMMIT")

    def pages_of_a_create(self, batch: int) -> float:
        self.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        before = self.records
        while self.records < before + MEASURED:
            self.create(batch)
        frames = (os.path.getsize(self.path + "-wal") - WAL_HEADER) / FRAME
        return frames / (self.records - before)


def main(sizes: list) -> None:
    print(f"| records | creates in a transaction | {' | '.join(KINDS)} |")
    print("|" + "---:|" * (2 + len(KINDS)))
    for size in sizes:
        counts = {}
        for kind in KINDS:
            with tempfile.TemporaryDirectory() as directory:
                store = Store(directory + "/apps.db", kind)
                store.create(size)
                counts[kind] = [store.pages_of_a_create(batch) for batch in (8, 64, 256)]
                store.db.close()
        for which, batch in enumerate((8, 64, 256)):
            print(f"| {size:,} | {batch} | {' | '.join(f'{counts[kind][which]:.2f}' for kind in KINDS)} |", flush=True)


if __name__ == "__main__":
    main([int(size) for size in sys.argv[1:]] or [1_000, 10_000, 100_000, 1_000_000])
