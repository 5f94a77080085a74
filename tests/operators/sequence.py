"""One sequence of steps on one gateway: takes each, then looks whether what must hold does (model.py).

Run by run.py, in a mount and process namespace of its own where there is root. Prints one JSON document.
"""

import argparse
import json
import os
import pickle
import random
import re
import socket
import sys
import time
import traceback
from pathlib import Path

from clients import Clients
from file_steps import FileSteps
from gateway import Gateway, until
from model import Effect, Fault, Model
from mongo_steps import Dump, MongoSteps
from mongo_store import MongoStore
from steps import INTACT
from store import Copy, Store, Tools

RECOVERY = 15.0  # seconds until creates work again, at most; on a busy machine it takes a fraction of one
# To make a store is no remedy where one was; to say when it would be one, beside the right one, is. It makes indexes too.
INIT = re.compile(r'^(?!.*(restore a backup|slow without the indexes)).*run "appctl [^"]*init"')
DAMAGED = "the file is damaged"


def free_port(host: str) -> int:
    with socket.socket() as one:
        one.bind((host, 0))
        return one.getsockname()[1]


class Sequence:
    """What both kinds of store have in common."""

    def __init__(self, options: argparse.Namespace, template: dict) -> None:
        self.programs = json.loads(options.programs)
        self.directory = Path(options.directory)
        self.directory.chmod(0o755)
        self.random = random.Random(options.seed)
        self.host = options.host
        self.organizations = template["organizations"]
        self.model = Model(template["limit"])
        self.store = self.make_store(options)
        self.second_port = free_port(self.host)
        self.gateway = Gateway(
            self.programs, self.directory / "nginx", self.host, free_port(self.host), options.workers, self.store.uri
        )
        self.clients = Clients(self.gateway, template["clients"], self.model, options.seed)
        self.is_left = True
        self.left_since = 0  # where the error log's part begins since when it is
        self.period = 0  # where the error log's part begins that tells of the present state
        self.unavailable = 0
        self.unsure_since = 0  # where the error log's part begins that may tell of damage that nobody could know
        self.heard_from = 0.0  # only of who answered since then the error log must have a line
        self.lists = 0
        self.patient = options.patient

    # What the kinds differ in

    def make_store(self, options: argparse.Namespace) -> Tools:
        raise NotImplementedError

    def note_what_is_left(self) -> None:
        """Whether there is something of a store, so that nobody may say that one is to be made."""

    def may_init(self) -> bool:
        return True

    def tool(self, *arguments: str):
        return self.store.appctl(*arguments)

    def repair(self) -> str:
        raise NotImplementedError

    def stopped(self) -> None:
        """After the last clean stop."""

    def files(self) -> list:
        return []

    # What steps use

    def settle_outcomes(self, effect: Effect) -> None:
        outcomes = self.clients.take_outcomes()
        self.unavailable += sum(one.code == 3002 and one.start > self.heard_from for one in outcomes)
        self.model.take(outcomes, effect)

    def expect_organizations(self, when: str) -> None:
        done = self.store.appctl("org", "list")
        if done.returncode == 0 and self.organizations["open"] not in done.stdout:
            raise Fault(f"{when} there is an empty store: {done.stdout.strip()[:100]}")

    # Looking

    def list_and_verify(self, uri: str = "", where: str = "") -> None:
        try:
            records = self.store.records(list(self.organizations.values()), uri)
        except OSError as error:
            if INIT.search(str(error)) and self.is_left:
                raise Fault(f"{where}a store is there, and appctl says: {error}") from error
            if self.model.now.must or not self.model.doubtful:
                raise Fault(f"{where}{len(self.model.now.must)} acknowledged, and the list fails: {error}") from error
            return
        try:
            self.model.verify(records)
        except Fault as fault:
            raise Fault(where + str(fault)) from fault
        self.lists += 1

    def check(self, uri: str = "", where: str = "") -> None:
        done = self.store.appctl("check", uri=uri)
        if done.returncode != 0 and not self.model.doubtful:
            raise Fault(f"{where}appctl check: {done.stdout}{done.stderr}")

    def wait_for_creates(self) -> None:
        """Without a reload. A worker each may have to find out, so several connections ask."""
        missing = self.gateway.workers_wanted
        end = time.monotonic() + RECOVERY
        last = None
        while missing > 0:
            last = self.clients.send(self.clients.new_create(keyed=True, limited=False))
            self.clients.connection.close()
            if last.status == 200:
                missing -= 1
            elif time.monotonic() > end:
                raise Fault(f"creates do not work again, after {RECOVERY:.0f} s: {last.status}/{last.code}")
            else:
                time.sleep(0.01)

    def replay(self) -> None:
        keyed = [tag for tag in self.model.now.must if self.model.journal[tag].key]
        for tag in self.random.sample(keyed, min(2, len(keyed))):
            # Another answer than the first is found by the model.
            self.clients.send(self.model.journal[tag])

    def look_at_log(self) -> None:
        self.gateway.check_alarms()
        if self.is_left:
            for line in self.gateway.lines_since(max(self.period, self.left_since)):
                if INIT.search(line):
                    raise Fault(f"a store is there, and the error log says: {line}")
        if not self.unavailable or not (self.model.doubtful or self.steps.broke):
            return
        names = self.store.names()
        if not until(lambda: any(name in line for name in names for line in self.gateway.lines_since(self.period)), 3):
            raise Fault(f"{self.unavailable} creates got 503/3002, and no line of the error log names the store")

    def look(self, last: bool) -> None:
        """After each step."""
        clients = self.clients
        clients.expect_static()
        lines = self.gateway.lines_since(max(self.period, self.unsure_since))
        is_seen = self.model.unsure and any(DAMAGED in line for line in lines)
        clients.burst(3)
        if is_seen and any(one.status == 200 for one in clients.outcomes):
            raise Fault("the error log says that the file is damaged, and a create was acknowledged after that")
        self.settle_outcomes(INTACT)
        self.look_at_log()
        if not self.model.doubtful:
            self.wait_for_creates()
        self.settle_outcomes(INTACT)
        if not self.model.doubtful:
            self.replay()
            self.settle_outcomes(INTACT)
        # Not each time: appctl opens the files too, and what goes wrong without it has to be seen as well.
        if last or not self.patient and self.random.random() < (0.4 if self.model.doubtful else 0.7):
            self.list_and_verify()
        if last or not self.patient and self.random.random() < 0.2:
            self.check()

    def one_step(self, step: str) -> None:
        if not self.model.doubtful:
            self.period, self.unavailable = self.gateway.mark(), 0
        self.note_what_is_left()
        if not self.model.unsure:
            # What was said of the file before is not about what this step may do to it.
            self.unsure_since = self.gateway.mark()
        self.steps.broke = False
        effect = self.steps.take(step)
        self.note_what_is_left()
        self.settle_outcomes(effect)
        self.look(step == "list")

    def run(self, steps: list) -> dict:
        report = {"ok": False, "fault": "", "at": "", "steps": 0}
        begin = time.monotonic()
        try:
            self.gateway.start()
            for number, step in enumerate(steps):
                report["at"] = f"{number + 1}. {step}"
                self.one_step(step)
                report["steps"] += 1
            report["at"] = "the end"
            if self.model.doubtful:
                self.one_step("repair:" + self.repair())
            self.look(True)
            self.gateway.stop()
            self.stopped()
            self.gateway.check_alarms()
            if not steps or not self.model.acknowledged or not self.model.verified or not self.lists:
                raise Fault("nothing was acknowledged, or nothing was verified")
            report["ok"] = True
        except Fault as fault:
            report["fault"] = str(fault)
        except Exception:  # pylint: disable=broad-except
            report["fault"] = "the driver: " + traceback.format_exc()
        report |= {
            "acknowledged": self.model.acknowledged,
            "verified": len(self.model.verified),
            "lists": self.lists,
            "statics": self.clients.statics,
            "seconds": round(time.monotonic() - begin, 2),
        }
        if not report["ok"]:
            report["log"] = [line for line in self.gateway.lines_since(0) if "[notice]" not in line][-25:]
            report["files"] = self.files()
        return report

    def end(self) -> None:
        self.clients.stopping.set()
        self.gateway.kill_all()


class FileSequence(Sequence):
    """On an SQLite file."""

    store: Store

    def make_store(self, options: argparse.Namespace) -> Store:
        template = Path(options.template, "apps.db")
        store = Store(self.programs, self.directory, template, options.link)
        first = store.new_directory()
        (first / "copy.db").write_bytes(template.read_bytes())
        self.copies = [Copy(first, self.model.now.copy(), "whole")]
        self.steps = FileSteps(self)
        return store

    def note_what_is_left(self) -> None:
        was_left, self.is_left = self.is_left, self.store.is_left()
        if not was_left and self.is_left:
            self.left_since = self.gateway.mark()

    def may_init(self) -> bool:
        """A store may be made where there is nothing."""
        return self.store.is_left()

    def tool(self, *arguments: str):
        """appctl on the store as it is: it harms nothing that could still be recovered, and does not say "run init"."""
        store = self.store
        left, log = store.is_left(), store.size("-wal")
        is_gone = store.size("") <= 0 < log
        done = store.appctl(*arguments)
        if is_gone and store.size("-wal") != log:
            raise Fault(
                f"the database is gone, its log of {log} bytes was there, and appctl {' '.join(arguments)} made it "
                f"{store.size('-wal')} bytes"
            )
        if left and done.returncode != 0 and INIT.search(done.stderr):
            raise Fault(f"a store is there, and appctl {' '.join(arguments)} says: {done.stderr.strip()}")
        return done

    def verify_alone(self, when: str) -> None:
        """The database's file without anything beside it has everything."""
        directory = self.directory / f"alone-{self.lists}"
        directory.mkdir()
        copy = directory / "apps.db"
        copy.write_bytes(self.store.path.read_bytes())
        self.list_and_verify(f"sqlite:{copy}", f"in the file alone, after {when}: ")
        self.check(f"sqlite:{copy}", f"in the file alone, after {when}: ")

    def repair(self) -> str:
        return self.random.choice(("stopped", "killed", "live", "load", "restore"))

    def stopped(self) -> None:
        if self.store.size("-wal") > 0:
            raise Fault(f"after a clean stop the log beside the file has {self.store.size('-wal')} bytes")
        self.verify_alone("a clean stop")

    def files(self) -> list:
        found = sorted(self.store.home.glob("*")) + sorted(self.store.real.glob("*"))
        return [f"{path.name} {path.stat().st_size if path.exists() else 'dangling'}" for path in found]


class MongoSequence(Sequence):
    """On a MongoDB server."""

    store: MongoStore

    def make_store(self, options: argparse.Namespace) -> MongoStore:
        content = pickle.loads(Path(options.template, "mongodb").read_bytes())
        self.copies = [Dump(content, self.model.now.copy())]
        self.steps = MongoSteps(self)
        return MongoStore(self.programs, self.directory, self.host, json.loads(options.server), content)

    def may_init(self) -> bool:
        return not self.model.doubtful

    def repair(self) -> str:
        return self.random.choice(("stopped", "killed", "quiet", "load"))

    def note_what_is_left(self) -> None:
        if not self.model.doubtful:
            self.is_left = True


def main() -> None:
    parser = argparse.ArgumentParser()
    for name in ("programs", "template", "directory", "host", "seed", "steps"):
        parser.add_argument("--" + name, required=True)
    parser.add_argument("--server", help="process and port of a MongoDB server, as JSON")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--link", action="store_true")
    parser.add_argument("--patient", action="store_true", help="list at the end and at `list` alone")
    options = parser.parse_args()
    os.umask(0o022)
    template = json.loads(Path(options.template, "store.json").read_text())
    sequence = (MongoSequence if options.server else FileSequence)(options, template)
    try:
        report = sequence.run([step.strip() for step in options.steps.split(";") if step.strip()])
    finally:
        sequence.end()
    json.dump(report, sys.stdout, ensure_ascii=False)
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
