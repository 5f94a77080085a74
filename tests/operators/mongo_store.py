"""The store when it is a MongoDB: the server of tests/mongo, which keeps all in memory, with a relay before it.

The relay makes what happens to a server that keeps its data: it is stopped and started, its connections break. That the
server stalls is SIGSTOP; that it comes back with other data is done behind the relay while it refuses.
"""

import contextlib
import os
import selectors
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

from mongo_wire import Server
from store import Tools

SKIPPED = 77


class Relay:
    """Listens on a port of its own; each connection is two threads."""

    def __init__(self, host: str, port: int) -> None:
        self.target = port
        self.host = host
        self.port = 0
        self.pairs: set = set()
        self.lock = threading.Lock()
        self.listener: socket.socket | None = None
        self.open()

    def open(self) -> None:
        """Serves again, on the same port."""
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((self.host, self.port))
        listener.listen(64)
        self.port = listener.getsockname()[1]
        self.listener = listener
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()

    def refuse(self) -> None:
        """As a server that was stopped."""
        if self.listener is not None:
            self.listener.shutdown(socket.SHUT_RDWR)
            self.listener.close()
            self.listener = None
        self.cut()

    def cut(self) -> None:
        """Whatever is on its way is lost, in one direction or the other."""
        with self.lock:
            pairs, self.pairs = self.pairs, set()
        for pair in pairs:
            for one in pair:
                with contextlib.suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                near, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(near,), daemon=True).start()

    def _serve(self, near: socket.socket) -> None:
        try:
            far = socket.create_connection(("127.0.0.1", self.target), timeout=60)
        except OSError:
            near.close()
            return
        pair = (near, far)
        with self.lock:
            self.pairs.add(pair)
        with selectors.DefaultSelector() as ready, near, far:
            ready.register(near, selectors.EVENT_READ, far)
            ready.register(far, selectors.EVENT_READ, near)
            try:
                while True:
                    for key, _ in ready.select():
                        data = key.fileobj.recv(1 << 16)
                        if not data:
                            return
                        key.data.sendall(data)
            except OSError:
                return
            finally:
                with self.lock:
                    self.pairs.discard(pair)


class JavaServer:
    """One server process, for one sequence after another."""

    def __init__(self, build: Path) -> None:
        script = Path(__file__).resolve().parent.parent / "mongo" / "start-server.sh"
        options = "-XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xmx512m"
        environment = os.environ | {
            "APP_CREATE_MONGO_SERVER_DIR": str(build / "mongo-server"),
            "APP_CREATE_MONGO_SERVER_JVM": options,
        }
        self.process = subprocess.Popen(
            [script], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment, text=True
        )
        line = self.process.stdout.readline()
        if not line.strip():
            status = self.process.wait()
            if status == SKIPPED:
                print("skipped: the MongoDB server of the tests needs java and maven")
                sys.exit(SKIPPED)
            raise OSError(f"tests/mongo/start-server.sh ended with {status}")
        self.port = int(line)

    def end(self) -> None:
        self.process.kill()
        self.process.wait()


class MongoStore(Tools):
    def __init__(self, programs: dict, directory: Path, host: str, server: dict, content: dict) -> None:
        super().__init__(programs)
        self.directory = directory
        self.pid, self.port = server["pid"], server["port"]
        self.database = "operators"
        self.relay = Relay(host, self.port)
        self.uri = f"mongodb://{host}:{self.relay.port}/{self.database}"
        self.replace(content)

    def names(self) -> list:
        return [f"mongodb://{self.relay.host}:{self.relay.port}"]

    def stop(self) -> None:
        os.kill(self.pid, signal.SIGSTOP)

    def go_on(self) -> None:
        os.kill(self.pid, signal.SIGCONT)

    def ask(self, question):
        server = Server(self.port)
        try:
            return question(server)
        finally:
            server.close()

    def dump(self) -> dict:
        return self.ask(lambda server: server.dump(self.database))

    def empty(self) -> None:
        self.ask(lambda server: server.drop(self.database))

    def drop_indexes(self, collection: str) -> None:
        self.ask(lambda server: server.drop_indexes(self.database, collection))

    def replace(self, content: dict) -> None:
        """As a server that comes back with a backup's data: indexes, then documents."""
        self.empty()
        done = self.appctl("init", uri=f"mongodb://127.0.0.1:{self.port}/{self.database}")
        if done.returncode != 0:
            raise OSError(f"appctl init failed: {done.stderr}")
        self.ask(lambda server: server.fill(self.database, content))
