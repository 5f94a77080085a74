"""What the driver itself asks a MongoDB server: to copy a database out and in. Documents stay bytes."""

import itertools
import socket
import struct

OP_MSG = 2013
NUMBERS = itertools.count(1)


def element(name: str, value) -> bytes:
    key = name.encode() + b"\0"
    if isinstance(value, bool):
        return b"\x08" + key + bytes([value])
    if isinstance(value, int):
        return b"\x12" + key + struct.pack("<q", value)
    if isinstance(value, str):
        text = value.encode() + b"\0"
        return b"\x02" + key + struct.pack("<i", len(text)) + text
    if isinstance(value, list):
        return b"\x04" + key + encode({str(i): one for i, one in enumerate(value)})
    return b"\x03" + key + encode(value)


def encode(document: dict) -> bytes:
    body = b"".join(element(*item) for item in document.items())
    return struct.pack("<i", len(body) + 5) + body + b"\0"


def length_of(kind: int, data: bytes, at: int) -> int:
    if kind in (0x02, 0x0D, 0x0E):
        return 4 + struct.unpack_from("<i", data, at)[0]
    if kind in (0x03, 0x04):
        return struct.unpack_from("<i", data, at)[0]
    if kind == 0x05:
        return 5 + struct.unpack_from("<i", data, at)[0]
    return {0x01: 8, 0x07: 12, 0x08: 1, 0x09: 8, 0x0A: 0, 0x10: 4, 0x11: 8, 0x12: 8, 0x13: 16, 0x7F: 0, 0xFF: 0}[kind]


def elements(data: bytes):
    """(name, type, its bytes) of each element of a document."""
    at = 4
    while data[at] != 0:
        kind = data[at]
        end = data.index(0, at + 1)
        name = data[at + 1 : end].decode()
        length = length_of(kind, data, end + 1)
        yield name, kind, data[end + 1 : end + 1 + length]
        at = end + 1 + length


def member(document: bytes, *path: str):
    """What lies at the path: a document's bytes, a number, a text; None: nothing does."""
    found = document
    for step in path:
        found = next((plain(kind, value) for name, kind, value in elements(found) if name == step), None)
        if found is None:
            return None
    return found


def plain(kind: int, value: bytes):
    if kind == 0x02:
        return value[4:-1].decode()
    formats = {0x01: "<d", 0x08: "<?", 0x10: "<i", 0x12: "<q"}
    return struct.unpack(formats[kind], value)[0] if kind in formats else value


class Server:
    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=60)

    def close(self) -> None:
        self.socket.close()

    def read(self, n: int) -> bytes:
        data = b""
        while len(data) < n:
            more = self.socket.recv(n - len(data))
            if not more:
                raise OSError("the MongoDB server closed the connection")
            data += more
        return data

    def command(self, database: str, command: dict, documents: list | None = None) -> bytes:
        body = struct.pack("<i", 0) + b"\0" + encode(command | {"$db": database})
        if documents is not None:
            section = b"documents\0" + b"".join(documents)
            body += b"\1" + struct.pack("<i", len(section) + 4) + section
        self.socket.sendall(struct.pack("<iiii", len(body) + 16, next(NUMBERS), 0, OP_MSG) + body)
        length, _, _, _ = struct.unpack("<iiii", self.read(16))
        reply = self.read(length - 16)[5:]
        if member(reply, "ok") != 1:
            raise OSError(f"MongoDB: {next(iter(command))}: {member(reply, 'errmsg')}")
        return reply

    def collections(self, database: str) -> list:
        reply = self.command(database, {"listCollections": 1})
        return [member(one, "name") for _, _, one in elements(member(reply, "cursor", "firstBatch"))]

    def dump(self, database: str) -> dict:
        """Collection → its documents."""
        out = {}
        for name in self.collections(database):
            if name.startswith("system."):
                continue
            reply = self.command(database, {"find": name, "batchSize": 100000})
            out[name] = [one for _, _, one in elements(member(reply, "cursor", "firstBatch"))]
        return out

    def drop(self, database: str) -> None:
        self.command(database, {"dropDatabase": 1})

    def fill(self, database: str, content: dict) -> None:
        """Collections that are there, empty or not, get these documents instead of theirs."""
        for name, documents in content.items():
            self.command(database, {"delete": name, "deletes": [{"q": {}, "limit": 0}]})
            for at in range(0, len(documents), 500):
                self.command(database, {"insert": name}, documents[at : at + 500])

    def drop_indexes(self, database: str, collection: str) -> None:
        reply = self.command(database, {"listIndexes": collection})
        for _, _, one in elements(member(reply, "cursor", "firstBatch")):
            name = member(one, "name")
            if name != "_id_":
                self.command(database, {"dropIndexes": collection, "index": name})
