"""The services that a user would write instead, each directly and behind an nginx."""

from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import nginx
from process import Server, free_port

# What lives as long as a request stays out of the old generation.
FASTIFY = ("node", "--max-semi-space-size=64", str(Path(__file__).parent / "peers" / "fastify" / "server.js"))


@dataclass(frozen=True)
class Peer:
    name: str
    title: str
    command: tuple

    @contextmanager
    def serve(self, build, folder, store, workers):
        """Port of the nginx before it, and its own."""
        port = free_port()
        command = [word.format(build=build) for word in self.command]
        command += ["--listen", f"127.0.0.1:{port}", "--store", store.uri.removeprefix("sqlite:")]
        with Server(command, port, folder / "peer.log"), nginx.proxy(folder, workers, port) as front:
            yield front.port, port


GO = Peer("go", "Go, group commit", ("{build}/bench-go-peer",))
FASTIFY_GROUP = Peer("fastify-group", "Fastify, group commit", (*FASTIFY, "--commit", "group"))
FASTIFY_SINGLE = Peer("fastify-single", "Fastify, one transaction a request", (*FASTIFY, "--commit", "single"))
ALL = (GO, FASTIFY_GROUP, FASTIFY_SINGLE)

# On MongoDB
FASTIFY_MONGO = Peer("fastify-mongo", "Fastify, mongodb driver, one insert a request",
                     (*FASTIFY, "--commit", "single"))
FASTIFY_MONGO_GROUP = Peer("fastify-mongo-group", "Fastify, mongodb driver, inserts in groups",
                           (*FASTIFY, "--commit", "group"))
ON_MONGO = (FASTIFY_MONGO, FASTIFY_MONGO_GROUP)
