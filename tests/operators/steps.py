"""The steps: NAME or NAME:ARGUMENT,ARGUMENT…, each a method of Steps that returns its effect on the records.

The mode of a step that touches files says what the gateway does meanwhile:

    quiet    serves, nobody asks      load     serves, clients create without a pause
    stopped  was stopped cleanly      killed   was killed by SIGKILL, under load
"""

import time

from clients import Connection
from gateway import Gateway
from model import Effect, Fault

INTACT = Effect("intact")
LIVE = ("quiet", "load")


class Steps:
    """What a sequence can do. `s` is the Sequence: gateway, clients, model, store, copies."""

    def __init__(self, sequence) -> None:
        self.s = sequence
        self.broke = False  # the store was unusable in this step
        self.killed_at = 0.0  # workers, in a step that broke the store

    def take(self, step: str) -> Effect:
        name, _, rest = step.partition(":")
        method = getattr(self, "do_" + name.replace("-", "_"), None)
        if method is None:
            raise ValueError(f"there is no step {name}")
        return method(*(rest.split(",") if rest else ()))

    # How a step happens

    def during(self, mode: str, act) -> tuple:
        """Does `act` in that mode; (t0, t1)."""
        s = self.s
        if mode == "stopped":
            s.gateway.stop()
        elif mode == "killed":
            s.clients.start()
            s.clients.wait_for_more(8)
            s.gateway.kill_all()
            s.clients.stop()
        elif mode == "load":
            s.clients.start()
            s.clients.wait_for_more(8)
        elif mode != "quiet":
            raise ValueError(f"there is no mode {mode}")
        t0 = time.monotonic()
        act()
        t1 = time.monotonic()
        if mode in ("stopped", "killed"):
            s.gateway.start()
        if mode == "load":
            s.clients.wait_for_more(12)
            s.clients.stop()
        return t0, t1

    def broken_and_mended(self, then: str, break_, mend) -> None:
        """Creates while something is broken get 503 or are kept; `then` is what happens to workers meanwhile."""
        s = self.s
        self.broke = True
        s.clients.start()
        s.clients.wait_for_more(5)
        try:
            break_()
            s.note_what_is_left()
            if then == "reload":
                s.gateway.reload()
            elif then == "kill":
                s.gateway.kill_worker(s.random.randrange(8))
            elif then == "kill-all":
                s.gateway.kill_workers()
            self.killed_at = time.monotonic()
            s.clients.wait_for_more(8)
            s.clients.expect_static()
        finally:
            mend()
        s.clients.wait_for_more(5)
        s.clients.stop()

    # Creates and processes

    def do_create(self, n: str) -> Effect:
        self.s.clients.burst(int(n))
        return INTACT

    def do_list(self) -> Effect:
        """Nothing; the look after it lists, whatever the seed says."""
        return INTACT

    def process(self, mode: str, act) -> Effect:
        self.during(mode, act)
        return INTACT

    def do_reload(self, mode: str = "quiet") -> Effect:
        return self.process(mode, self.s.gateway.reload)

    def do_kill_worker(self, mode: str = "quiet") -> Effect:
        return self.process(mode, lambda: self.s.gateway.kill_worker(self.s.random.randrange(8)))

    def do_kill_workers(self, mode: str = "quiet") -> Effect:
        return self.process(mode, self.s.gateway.kill_workers)

    def do_kill_all(self) -> Effect:
        return self.process("killed", lambda: None)

    def do_restart(self, mode: str = "stopped") -> Effect:
        def restart():
            self.s.gateway.stop()
            self.s.gateway.start()

        return self.process(mode, restart)

    def do_upgrade(self, mode: str = "quiet", back: str = "") -> Effect:
        return self.process(mode, lambda: self.s.gateway.upgrade(bool(back)))

    def do_second(self, end: str = "stop") -> Effect:
        """A second nginx on the same store, both under load."""
        s = self.s
        other = Gateway(s.programs, s.directory / "second", s.host, s.second_port, 1, s.store.uri)
        other.start()
        s.clients.start()
        try:
            connection = Connection(other)
            for _ in range(6):
                s.clients.send(s.clients.new_create(), connection)
            s.clients.expect_static(connection)
            connection.close()
        finally:
            if end == "stop":
                other.stop()
            else:
                other.kill_all()
            s.clients.wait_for_more(4)
            s.clients.stop()
        other.check_alarms()
        other.log.rename(other.directory / f"error.log.{time.monotonic_ns()}")
        return INTACT

    # appctl

    def do_appctl(self, what: str, mode: str = "quiet") -> Effect:
        s = self.s
        organization = s.organizations["open"]
        commands = {
            "org-list": ("org", "list"),
            "org-set": ("org", "set", organization, "--name", f"Acme {time.monotonic_ns()}"),
            "limit": ("org", "set", s.organizations["limited"], "--limit", str(s.model.now.limit + 1)),
            "key-create": ("key", "create", "--org", organization, "--owner", "507f1f77bcf86cd799439011"),
            "check": ("check",),
            "app-list": ("app", "list", "--org", organization),
            "init": ("init",),
        }
        if what == "init" and not s.may_init():
            return INTACT
        done: list = []
        if what == "limit":
            mode = "quiet"  # whether 5017 was right would be unknown
        self.during(mode, lambda: done.append(s.tool(*commands[what])))
        if what == "limit" and done[0].returncode == 0:
            s.model.now.limit += 1
        if what == "init" and done[0].returncode == 0:
            s.expect_organizations("after appctl init")
        if done[0].returncode != 0 and not s.model.doubtful:
            raise Fault(f"appctl {what} failed: {done[0].stderr}{done[0].stdout}")
        return INTACT
