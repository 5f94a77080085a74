"""The MongoDB server of the tests, as a benchmark wants it."""

import os
import signal
from contextlib import contextmanager
from pathlib import Path

import store as stores
from process import Server, free_port, run

START = Path(__file__).parent.parent / "tests" / "mongo" / "start-server.sh"
# It keeps all in memory: some 40 KB an insert, with what it leaves to the collector. What one side does fits into the
# young generation, so that no side waits for a collection; what one leaves goes before the next begins.
HEAP_MB = 5120
YOUNG = 0.8
WARM_BATCHES = (64, 1)


class MongoServer:
    """Serves for as long as the block lasts, a database for each store."""

    def __init__(self, build, folder):
        self.build = build
        self.port = free_port()
        half = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**21
        heap = min(HEAP_MB, half)
        jvm = f"-XX:+UseSerialGC -Xms{heap}m -Xmx{heap}m -Xmn{int(heap * YOUNG)}m"
        self.server = Server([START, self.port], self.port, folder / "mongo-server.log",
                             {"APP_CREATE_MONGO_SERVER_DIR": str(build / "mongo-server"),
                              "APP_CREATE_MONGO_SERVER_JVM": jvm})
        self.databases = 0

    def __enter__(self):
        self.server.__enter__()
        return self

    def __exit__(self, *what):
        self.server.__exit__(*what)

    @contextmanager
    def new_store(self):
        """An empty store, until the block ends."""
        self.databases += 1
        store = stores.make(self.build, f"mongodb://127.0.0.1:{self.port}/bench{self.databases}")
        try:
            yield store
        finally:
            run([self.build / "bench_mongo_loop", store.uri, "drop"])
            run(["jcmd", self.server.process.pid, "GC.run"])

    def warm(self, env, seconds):
        """Lets the server's compiler see what comes."""
        for creates in WARM_BATCHES:
            with self.new_store() as store:
                env.load.fill(store, 1)
                env.load.mongo_loop(store, creates, seconds, env.plan.mongo_most)

    @contextmanager
    def stopped(self):
        """By SIGSTOP: connections stay open, nothing answers."""
        os.kill(self.server.process.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(self.server.process.pid, signal.SIGCONT)
