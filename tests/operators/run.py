"""Runs sequences, several at a time, makes those that fail smaller, and prints them as commands. See run.sh."""

import argparse
import collections
import concurrent.futures
import json
import os
import pickle
import pwd
import queue
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import found
import generate
from mongo_store import JavaServer
from mongo_wire import Server

HERE = Path(__file__).resolve().parent
LIMIT = 14  # of the organization that has one
LONGEST = 300  # seconds of one sequence


def find_programs(options: argparse.Namespace) -> dict:
    build = Path(options.build).resolve()
    nginx = os.environ.get("APP_CREATE_TEST_NGINX") or shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin")
    if not nginx:
        sys.exit("run.py: there is no nginx; name one with APP_CREATE_TEST_NGINX")
    programs = {
        "nginx": nginx,
        "module": os.environ.get("APP_CREATE_TEST_MODULE") or str(build / "ngx_http_app_create_module.so"),
        "appctl": str(build / "appctl"),
        "user": "",
        "group": "",
        "can_mount": False,
    }
    for name in ("module", "appctl"):
        if not os.path.exists(programs[name]):
            sys.exit(f"run.py: there is no {programs[name]}: build it first")
    if os.geteuid() == 0:
        user = next(one for name in ("www-data", "nobody") for one in pwd.getpwall() if one.pw_name == name)
        programs |= {"user": user.pw_name, "group": "www-data" if user.pw_name == "www-data" else "nogroup"}
        probe = subprocess.run(
            [*namespaces(), "mount", "-t", "tmpfs", "tmpfs", "/mnt"], capture_output=True, check=False
        )
        programs["can_mount"] = probe.returncode == 0
    help_text = subprocess.run([programs["appctl"], "--help"], capture_output=True, text=True, check=False).stdout
    programs["has_backup"] = "backup" in help_text
    programs["has_restore"] = "restore" in help_text
    return programs


def namespaces() -> list:
    return ["unshare", "--mount", "--pid", "--fork", "--mount-proc", "--kill-child"]


def make_template(programs: dict, directory: Path) -> None:
    """A store with a key for an organization without a limit and one for an organization with one."""
    made = directory / "made"
    made.mkdir()

    def appctl(*arguments: str) -> dict:
        done = subprocess.run(
            [programs["appctl"], "--store", f"sqlite:{made}/apps.db", "--json", *arguments],
            capture_output=True,
            text=True,
            check=True,
        )
        return json.loads(done.stdout)

    appctl("init")
    organizations, clients = {}, {}
    for name, more in (("open", ()), ("limited", ("--limit", str(LIMIT)))):
        organizations[name] = appctl("org", "create", "--name", name, "--slug", name, *more)["id"]
        key = appctl("key", "create", "--org", name, "--owner", "507f1f77bcf86cd799439011", "--role", "org.owner")
        clients |= {name: organizations[name], name + "_token": key["token"]}
    subprocess.run(["sqlite3", str(made / "apps.db"), f"VACUUM INTO '{directory}/apps.db'"], check=True)
    (directory / "store.json").write_text(
        json.dumps({"organizations": organizations, "clients": clients, "limit": LIMIT})
    )


def make_mongo_template(programs: dict, directory: Path, server: JavaServer) -> None:
    """The same organizations and keys, as documents."""
    uri = f"mongodb://127.0.0.1:{server.port}/template"
    command = [programs["appctl"], "copy", "--from", f"sqlite:{directory}/made/apps.db", "--to", uri]
    subprocess.run(command, check=True, capture_output=True)
    connection = Server(server.port)
    (directory / "mongodb").write_bytes(pickle.dumps(connection.dump("template")))
    connection.close()


class Runner:
    def __init__(self, programs: dict, directory: Path, servers: list) -> None:
        self.programs = programs
        self.servers: queue.SimpleQueue = queue.SimpleQueue()
        for one in servers:
            self.servers.put(one)
        self.is_mongo = bool(servers)
        self.directory = directory
        self.lock = threading.Lock()
        self.numbers = 0

    def run(self, plan: dict) -> dict:
        if not self.is_mongo:
            return self.run_with(plan, [])
        server = self.servers.get()
        try:
            return self.run_with(plan, ["--server", json.dumps({"pid": server.process.pid, "port": server.port})])
        finally:
            self.servers.put(server)

    def run_with(self, plan: dict, more: list) -> dict:
        with self.lock:
            self.numbers += 1
            number = self.numbers
        directory = self.directory / str(number)
        directory.mkdir()
        # An address for each, so that no two meet at a port.
        own = (os.getpid() * 4096 + number) % (1 << 22)
        host = f"127.{64 + (own >> 16)}.{own >> 8 & 255}.{own % 254 + 1}"
        command = [
            *(namespaces() if self.programs["can_mount"] and not self.is_mongo else ()),
            sys.executable,
            str(HERE / "sequence.py"),
            "--programs",
            json.dumps(self.programs),
            "--template",
            str(self.directory / "template"),
            "--directory",
            str(directory),
            "--host",
            host,
            "--seed",
            plan["seed"],
            "--workers",
            str(plan["workers"]),
            "--steps",
            ";".join(plan["steps"]),
            *more,
            *(["--link"] if plan["link"] else []),
            *(["--patient"] if plan["patient"] else []),
        ]
        # Compiled once, and not into the tree.
        python = {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str(self.directory / "pycache")}
        environment = os.environ | python | {"MONGOC_DISABLE_SHM": "1"}
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, timeout=LONGEST, env=environment, check=False
            )
            report = json.loads(done.stdout)
            if done.stderr:
                report["stderr"] = done.stderr[-2000:]
        except subprocess.TimeoutExpired:
            report = {"ok": False, "fault": f"the sequence does not end in {LONGEST} s", "at": "?"}
        except ValueError:
            report = {
                "ok": False,
                "fault": f"the driver ended with {done.returncode}: {done.stderr[-2000:]}",
                "at": "?",
            }
        shutil.rmtree(directory, ignore_errors=True)
        return report

    def fails(self, plan: dict, kind: str, tries: int) -> dict | None:
        """The report of a run that fails like that, of so many; a race does not show each time."""
        for _ in range(tries):
            report = self.run(plan)
            if not report["ok"] and kind_of(report) == kind:
                return report
        return None

    def smaller(self, plan: dict, report: dict, seconds: float, tries: int) -> tuple:
        """Delta debugging: leaves steps out, more than one at first, as long as it fails."""
        end = time.monotonic() + seconds
        # What comes after the step that failed is not needed.
        number = report["at"].partition(".")[0]
        if number.isdigit():
            plan = plan | {"steps": plan["steps"][: int(number)]}
        kind = kind_of(report)
        size = max(len(plan["steps"]) // 2, 1)
        while size >= 1 and time.monotonic() < end:
            at = 0
            while at < len(plan["steps"]) and time.monotonic() < end:
                candidate = plan | {"steps": plan["steps"][:at] + plan["steps"][at + size :]}
                again = self.fails(candidate, kind, tries) if candidate["steps"] else None
                if again is not None:
                    plan, report = candidate, again
                else:
                    at += size
            size //= 2
        return plan, report


def kind_of(report: dict) -> str:
    """The fault without what is another each time."""
    return re.sub(r"[0-9a-f]{24}|\d+|/\S+|t\d+", "", report["fault"])[:50]


def command_of(plan: dict) -> str:
    more = (
        (["--store", plan["store"]] if plan["store"] != "sqlite" else [])
        + (["--link"] if plan["link"] else [])
        + (["--patient"] if plan["patient"] else [])
    )
    return " ".join(
        [
            "tests/operators/run.sh",
            "--seed",
            plan["seed"],
            "--workers",
            str(plan["workers"]),
            *more,
            "--steps",
            shlex.quote("; ".join(plan["steps"])),
        ]
    )


def describe(plan: dict, report: dict) -> str:
    text = [f"FAILED at {report['at']}: {report['fault']}", "  " + command_of(plan)]
    text += ["  files: " + ", ".join(report.get("files", []))]
    text += ["  " + line[:400] for line in report.get("log", [])[-12:]]
    if "stderr" in report:
        text += [report["stderr"]]
    return "\n".join(text)


def main() -> int:
    parser = argparse.ArgumentParser(prog="tests/operators/run.sh")
    parser.add_argument("--build", default=str(HERE.parent.parent / "build"))
    parser.add_argument("--store", choices=("sqlite", "mongodb"), default="sqlite")
    parser.add_argument("--sequences", type=int, default=300)
    parser.add_argument("--length", type=int, default=20)
    parser.add_argument("--seed", default="1")
    parser.add_argument("--first", type=int, default=0, help="number of the first sequence of the seed")
    parser.add_argument("--jobs", type=int, default=3)
    parser.add_argument("--without", default="", help="kinds of steps, separated by commas, that are left out")
    parser.add_argument("--steps", help="these steps instead, separated by ;")
    parser.add_argument("--found", help="a sequence of found.py by its name")
    parser.add_argument("--workers", type=int, help="of nginx, instead of what the seed says, or of 2")
    parser.add_argument("--link", action="store_true")
    parser.add_argument("--patient", action="store_true", help="list at the end and at `list` alone")
    parser.add_argument("--repeat", type=int, default=1, help="how often --steps or --found runs")
    parser.add_argument("--shrink", type=float, default=60, help="seconds to make one failing sequence smaller")
    parser.add_argument("--tries", type=int, default=2, help="runs before a smaller sequence counts as one that passes")
    parser.add_argument("--failures", type=int, default=3, help="ends after so many")
    options = parser.parse_args()

    programs = find_programs(options)
    if not programs["can_mount"]:
        print("no mounts and no other users here: steps that need them are left out")
    if options.found:
        options.store = found.plan(options.found)["store"]
        plans = [found.plan(options.found)] * options.repeat
        options.shrink = 0
    elif options.steps is not None:
        steps = [step.strip() for step in options.steps.split(";") if step.strip()]
        plans = [
            {
                "seed": options.seed,
                "workers": options.workers or 2,
                "link": options.link,
                "steps": steps,
                "patient": options.patient,
                "store": options.store,
            }
        ] * options.repeat
        options.shrink = 0
    else:
        plans = [
            generate.sequence(f"{options.seed}.{number}", options.length, programs["has_backup"], options.store)
            for number in range(options.first, options.first + options.sequences)
        ]
        without = options.without.split(",")
        for plan in plans:
            plan["steps"] = [step for step in plan["steps"] if step.partition(":")[0] not in without]
            plan["workers"] = options.workers or plan["workers"]

    with tempfile.TemporaryDirectory(prefix="operators-") as name:
        directory = Path(name)
        directory.chmod(0o755)
        (directory / "template").mkdir()
        make_template(programs, directory / "template")
        servers: list = []
        try:
            if options.store == "mongodb":
                servers = [JavaServer(Path(options.build)) for _ in range(options.jobs)]
                make_mongo_template(programs, directory / "template", servers[0])
            return run_all(Runner(programs, directory, servers), plans, options)
        finally:
            for one in servers:
                one.end()


def run_all(runner: Runner, plans: list, options: argparse.Namespace) -> int:
    begin = time.monotonic()
    failures, total, taken = [], collections.Counter(), collections.Counter()
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        waiting = iter(plans)
        running = {}
        for plan in waiting:
            running[pool.submit(runner.run, plan)] = plan
            while running and (len(running) >= options.jobs or len(failures) >= options.failures):
                collect(running, failures, total, taken)
            if len(failures) >= options.failures:
                break
        while running:
            collect(running, failures, total, taken)
    for plan, report in failures:
        print(describe(plan, report), flush=True)
        if options.shrink > 0:
            smaller = runner.smaller(plan, report, options.shrink, options.tries)
            print("made smaller: " + describe(*smaller), flush=True)
    print(
        f"{total['sequences']} sequences, {len(failures)} failed; {total['steps']} steps, "
        f"{total['acknowledged']} creates acknowledged, {total['verified']} verified by {total['lists']} lists, "
        f"{total['statics']} static files; "
        f"{time.monotonic() - begin:.0f} s"
    )
    print("steps: " + ", ".join(f"{name} {n}" for name, n in sorted(taken.items())))
    return 1 if failures else 0


def collect(running: dict, failures: list, total: collections.Counter, taken: collections.Counter) -> None:
    done, _ = concurrent.futures.wait(running, return_when=concurrent.futures.FIRST_COMPLETED)
    for one in done:
        plan, report = running.pop(one), one.result()
        total["sequences"] += 1
        for what in ("steps", "acknowledged", "verified", "lists", "statics"):
            total[what] += report.get(what, 0)
        taken.update(step.partition(":")[0] for step in plan["steps"][: report.get("steps", 0)])
        if not report["ok"]:
            failures.append((plan, report))
            print(f"failed: seed {plan['seed']}, at {report['at']}: {report['fault'][:300]}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
