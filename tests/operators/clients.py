"""Clients of the gateway: real connections with keep-alive, several at once, each request in the journal."""

import http.client
import json
import random
import threading
import time

from gateway import Gateway, until
from model import Create, Fault, Model, Outcome

NAMES = ("Foo", "Foo", "Foo", "Foo 2", "Bär", "App", "🙂", "A name that is somewhat longer than the others")
CONNECTION_USES = 7  # requests; then another, which another worker may get
PACE = 0.01  # seconds between two requests of a client under load
TRIES = 3  # of a keyed create that got no final answer


class Connection:
    def __init__(self, gateway: Gateway) -> None:
        self.gateway = gateway
        self.http: http.client.HTTPConnection | None = None
        self.uses = 0

    def request(self, method: str, path: str, body: bytes | None = None, headers: dict | None = None):
        """(status, headers, body), or None when there was no answer."""
        if self.http is None:
            self.http = http.client.HTTPConnection(self.gateway.host, self.gateway.port, timeout=30)
            self.uses = 0
        try:
            self.http.request(method, path, body, headers or {})
            answer = self.http.getresponse()
            content = answer.read()
        except (OSError, http.client.HTTPException):
            self.close()
            return None
        self.uses += 1
        if answer.will_close or self.uses >= CONNECTION_USES:
            self.close()
        return answer.status, answer.headers, content

    def close(self) -> None:
        if self.http is not None:
            self.http.close()
        self.http = None


class Clients:
    def __init__(self, gateway: Gateway, store: dict, model: Model, seed: str, threads: int = 3) -> None:
        self.gateway, self.store, self.model = gateway, store, model
        self.random = random.Random(seed)
        self.outcomes: list = []
        self.faults: list = []
        self.threads_wanted = threads
        self.threads: list = []
        self.stopping = threading.Event()
        self.lock = threading.Lock()
        self.connection = Connection(gateway)
        self.statics = 0

    # One request

    def new_create(self, keyed: bool | None = None, limited: bool | None = None) -> Create:
        with self.lock:
            rng = self.random
            tag = f"t{len(self.model.journal)}"
            limited = rng.random() < 0.2 if limited is None else limited
            keyed = rng.random() < 0.5 if keyed is None else keyed
            name = rng.choice(NAMES)
            body = json.dumps({"name": name, "metadata": {"tag": tag, "pad": "x" * rng.choice((0, 0, 200, 6000))}})
            organization = self.store["limited" if limited else "open"]
            one = Create(tag, organization, limited, name, f"key-{tag}" if keyed else None, body.encode())
            self.model.journal[tag] = one
            return one

    def send(self, create: Create, connection: Connection | None = None) -> Outcome:
        token = self.store["limited_token" if create.limited else "open_token"]
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        if create.key:
            headers["Idempotency-Key"] = create.key
        start = time.monotonic()
        answer = (connection or self.connection).request(
            "POST", f"/v1/organizations/{create.organization}/apps", create.body, headers
        )
        outcome = Outcome(create, start, time.monotonic(), 0, 0, None)
        if answer is not None:
            self.judge(outcome, *answer)
        with self.lock:
            self.outcomes.append(outcome)
        return outcome

    def judge(self, outcome: Outcome, status: int, headers, content: bytes) -> None:
        outcome.status = status
        try:
            answer = json.loads(content)
        except ValueError as error:
            raise Fault(f"{status} with a body that is no JSON: {content[:200]!r}") from error
        if status == 200:
            outcome.record = answer["data"]
            if outcome.record["metadata"].get("tag") != outcome.create.tag:
                raise Fault(f"{outcome.create.tag} got the answer of another: {content[:300]!r}")
            return
        outcome.code = answer["error"]["code"]
        if status == 503:
            if "Retry-After" not in headers:
                raise Fault("503 without Retry-After")
            return
        if status == 400 and outcome.code == 5017 and outcome.create.limited:
            return
        raise Fault(f"a create got {status}: {content[:300].decode(errors='replace')}")

    def expect_static(self, connection: Connection | None = None) -> None:
        """nginx serves; a connection that a reload closed may need a second one."""
        for _ in range(3):
            answer = (connection or self.connection).request("GET", "/static.txt")
            if answer is not None:
                if answer[0] != 200 or answer[2] != b"static\n":
                    raise Fault(f"a static file got {answer[0]}")
                self.statics += 1
                return
        raise Fault("nginx does not serve a static file")

    # Several at once

    def _work(self, number: int, budget: list) -> None:
        connection = Connection(self.gateway)
        try:
            while not self.stopping.is_set():
                with self.lock:
                    if budget[0] == 0:
                        return
                    budget[0] -= 1
                create = self.new_create()
                for _ in range(TRIES if create.key else 1):
                    outcome = self.send(create, connection)
                    if outcome.status in (200, 400) or self.stopping.is_set():
                        break
                    if outcome.status == 0:
                        time.sleep(0.002)  # nginx may be down: no busy loop
                # What counts is that something is always on its way, not how much.
                self.stopping.wait(PACE if budget[0] < 0 else 0)
        except Fault as fault:
            self.faults.append(fault)
        finally:
            connection.close()

    def start(self, budget: int = -1) -> None:
        self.stopping.clear()
        left = [budget]
        self.threads = [threading.Thread(target=self._work, args=(i, left)) for i in range(self.threads_wanted)]
        for one in self.threads:
            one.start()

    def wait_for_more(self, n: int, patience: float = 4.0) -> None:
        """Until n more requests have been answered, one way or another."""
        target = len(self.outcomes) + n
        until(lambda: len(self.outcomes) >= target or self.faults, patience)

    def stop(self) -> None:
        self.stopping.set()
        self.join()

    def join(self) -> None:
        for one in self.threads:
            one.join()
        self.threads = []
        if self.faults:
            raise self.faults[0]

    def burst(self, n: int) -> None:
        self.start(n)
        self.join()

    def take_outcomes(self) -> list:
        with self.lock:
            taken, self.outcomes = self.outcomes, []
        return taken
