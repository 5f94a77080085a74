"""What happens to the servers and the data of a MongoDB store."""

import time
from dataclasses import dataclass

from model import Content, Effect, Fault
from steps import INTACT, Steps


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
        """Nothing keeps slugs and places apart then; what is acknowledged must be right all the same."""
        s = self.s

        def make_again() -> None:
            done = s.store.appctl("init")
            if done.returncode != 0:
                raise Fault(f"after unique indexes were dropped, appctl init cannot make them: {done.stderr}")

        self.broken_and_mended(then, lambda: s.store.drop_indexes("applications"), make_again)
        return INTACT
