"""What happens to the servers and the data of a MongoDB store."""

import json
import time
from dataclasses import dataclass

from gateway import until
from model import Content, Effect, Fault
from steps import INTACT, Steps

NOTICED = 20.0  # seconds; workers look every second, and the machine may be busy
ANSWERS = 15  # for each worker


@dataclass
class Dump:
    documents: dict
    content: Content


class MongoSteps(Steps):
    def do_save(self) -> Effect:
        """What a backup has that was taken while nothing was written: the server's own tools do more."""
        s = self.s
        if s.model.doubtful or len(s.copies) > 5:
            return INTACT
        s.gateway.stop()  # what is on its way would come into it later
        s.settle_outcomes(INTACT)
        s.copies.append(Dump(s.store.dump(), s.model.now.copy()))
        s.gateway.start()
        return INTACT

    def do_server(self, what: str, then: str = "") -> Effect:
        """stop: refuses, then serves again. cut: its connections break. stall: it takes all and answers nothing."""
        store = self.s.store
        if what == "stop":
            self.broken_and_mended(then, store.relay.refuse, store.relay.open)
        elif what == "cut":
            self.broken_and_mended(then, store.relay.cut, store.relay.cut)
            # Of the answers before that, who had something to say may have been killed before it did.
            if then.startswith("kill"):
                self.s.heard_from = self.killed_at
        elif what == "stall":
            self.broken_and_mended(then, store.stop, store.go_on)
        else:
            raise ValueError(f"nothing does {what} to a server")
        return INTACT

    def changed_behind(self, mode: str, act) -> tuple:
        """The server is away for the clients, and comes back with other data."""
        store = self.s.store

        def away_and_back():
            store.relay.refuse()
            times.append(time.monotonic())
            act()
            times.append(time.monotonic())
            store.relay.open()

        times: list = []
        self.during(mode, away_and_back)
        return times[0], times[1]

    def do_replace(self, mode: str, which: str = "-1") -> Effect:
        s = self.s
        copy = s.copies[int(which) % len(s.copies)]
        t0, t1 = self.changed_behind(mode, lambda: s.store.replace(copy.documents))
        return Effect("replace", t0, t1, copy.content)

    def do_repair(self, mode: str) -> Effect:
        return self.do_replace(mode)

    def do_empty(self, mode: str) -> Effect:
        s = self.s
        t0, t1 = self.changed_behind(mode, s.store.empty)
        s.is_left = False
        return Effect("destroy", t0, t1, doubtful=True)

    def do_drop_indexes(self, then: str = "") -> Effect:
        """Nothing keeps slugs and places apart until workers notice it, as docs/stores.md says; then they refuse.

        The operator lets `check --repair` part what has collided, and makes the indexes again.
        """
        s = self.s
        if s.model.doubtful:
            return INTACT
        clients = s.clients
        mark = s.gateway.mark()
        clients.start()
        clients.wait_for_more(5)
        t0 = time.monotonic()
        s.store.drop_indexes("applications")
        if then == "kill":
            s.gateway.kill_worker(s.random.randrange(8))
        elif then == "reload":
            s.gateway.reload()
        until(lambda: self.refuses(t0), NOTICED, "without unique indexes creates are acknowledged all the same")
        clients.stop()
        t1 = time.monotonic()  # those answers may all have come from one worker, before another noticed
        if not any("unique indexes are missing: applications." in line for line in s.gateway.lines_since(mark)):
            raise Fault("unique indexes were dropped, and no line of the error log names them")
        done = s.store.appctl("check", "--repair")
        self.raise_limits(done.stdout)
        done = s.store.appctl("init")
        if done.returncode != 0:
            raise Fault(f"after unique indexes were dropped, appctl init cannot make them: {done.stderr}")
        return Effect("blur", t0, t1)

    def raise_limits(self, problems: str) -> None:
        """Nobody deletes what is too many: so many are allowed, then."""
        s = self.s
        for row in json.loads(problems or "[]"):
            if row["problem"] != "limit":
                continue
            s.model.now.limit = int(row["detail"].split()[0])
            done = s.store.appctl("org", "set", s.organizations["limited"], "--limit", str(s.model.now.limit))
            if done.returncode != 0:
                raise Fault(f"a limit cannot be raised: {done.stderr}")

    def refuses(self, since: float) -> bool:
        """Have all workers noticed? As many answers as reach all of them are 503."""
        last = self.s.clients.outcomes[-ANSWERS * self.s.gateway.workers_wanted :]
        return len(last) >= ANSWERS and all(one.start > since and one.status == 503 for one in last)
