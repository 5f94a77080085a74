"""One nginx with the module under test: its processes, configuration and error log."""

import os
import re
import signal
import subprocess
import time
from pathlib import Path

from model import Fault

PATIENCE = 30.0  # seconds for what always happens: a process that starts, that ends

CONFIGURATION = """load_module {module};
{user}
daemon on;
worker_processes {workers};
pid {directory}/nginx.pid;
error_log {directory}/error.log notice;
thread_pool app_create threads=4;
events {{ worker_connections 256; }}
http {{
    client_body_temp_path {directory}/body; proxy_temp_path {directory}/proxy; fastcgi_temp_path {directory}/fastcgi;
    uwsgi_temp_path {directory}/uwsgi; scgi_temp_path {directory}/scgi;
    access_log off;
    app_create_store {uri};
    app_create_thread_pool app_create;
    app_create_timeout {timeout};
    app_create_key_cache zone=keys:1m valid=1s invalid=1s;
    server {{
        listen {host}:{port} reuseport;
        location = /static.txt {{ root {directory}; }}
        location ~ ^/v1/organizations/(?<organization>[^/]*)/apps\\z {{ app_create $organization; }}
    }}
}}
"""


def until(condition, patience: float = PATIENCE, what: str = "") -> bool:
    """Waits for a condition; with `what` it is a fault when it does not come."""
    end = time.monotonic() + patience
    pause = 0.001
    while not condition():
        if time.monotonic() > end:
            if what:
                raise Fault(what)
            return False
        time.sleep(pause)
        pause = min(pause * 1.5, 0.02)
    return True


def is_alive(pid: int) -> bool:
    try:
        if os.waitpid(pid, os.WNOHANG)[0] == pid:
            return False
    except ChildProcessError:
        pass
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def children_of(pid: int) -> list:
    try:
        return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def title_of(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""


class Gateway:
    def __init__(
        self, programs: dict, directory: Path, host: str, port: int, workers: int, uri: str, timeout: str = "2s"
    ) -> None:
        self.program = programs["nginx"]
        self.directory = directory
        self.host, self.port, self.workers_wanted = host, port, workers
        self.log = directory / "error.log"
        self.master = 0
        self.expected_alarms: list = []
        directory.mkdir(parents=True, exist_ok=True)
        (directory / "static.txt").write_text("static\n")
        user = f"user {programs['user']};" if programs["user"] else ""
        (directory / "nginx.conf").write_text(
            CONFIGURATION.format(
                module=programs["module"],
                user=user,
                workers=workers,
                directory=directory,
                uri=uri,
                timeout=timeout,
                host=host,
                port=port,
            )
        )

    # Processes

    def command(self) -> list:
        return [self.program, "-p", str(self.directory), "-c", f"{self.directory}/nginx.conf", "-e", str(self.log)]

    def is_running(self) -> bool:
        return self.master != 0

    def start(self) -> None:
        if self.is_running():
            return
        (self.directory / "nginx.pid").unlink(missing_ok=True)
        with open(self.directory / "stderr", "ab") as errors:
            done = subprocess.run(self.command(), stdin=subprocess.DEVNULL, stdout=errors, stderr=errors, check=False)
        if done.returncode != 0:
            raise Fault("nginx does not start: " + (self.directory / "stderr").read_text()[-500:])
        until(lambda: self.pid_in_file() != 0, what="nginx writes no pid")
        self.master = self.pid_in_file()
        until(self.is_complete, what="nginx does not start its workers")

    def pid_in_file(self) -> int:
        try:
            return int((self.directory / "nginx.pid").read_text())
        except (OSError, ValueError):
            return 0

    def workers(self, master: int = 0) -> list:
        return [
            pid
            for pid in children_of(master or self.master)
            if (title := title_of(pid)).startswith("nginx: worker") and "shutting down" not in title
        ]

    def is_complete(self) -> bool:
        return self.pid_in_file() == self.master and len(self.workers()) == self.workers_wanted

    def reload(self) -> None:
        before = set(self.workers())
        os.kill(self.master, signal.SIGHUP)
        until(lambda: self.is_complete() and not before & set(self.workers()), what="nginx does not reload")

    def expect_killed(self, *pids: int) -> None:
        self.expected_alarms += [rf"process {pid} exited on signal 9" for pid in pids]

    def kill_worker(self, which: int = 0) -> None:
        workers = sorted(self.workers())
        victim = workers[which % len(workers)]
        self.expect_killed(victim)
        os.kill(victim, signal.SIGKILL)
        until(lambda: victim not in self.workers() and self.is_complete(), what="nginx starts no new worker")

    def kill_workers(self) -> None:
        victims = self.workers()
        self.expect_killed(*victims)
        for pid in victims:
            os.kill(pid, signal.SIGKILL)
        until(lambda: not set(victims) & set(self.workers()) and self.is_complete(), what="nginx starts no new workers")

    def kill_all(self) -> None:
        if not self.is_running():
            return
        os.kill(self.master, signal.SIGSTOP)  # it starts no others meanwhile
        victims = [*children_of(self.master), self.master]
        for pid in victims:
            os.kill(pid, signal.SIGKILL)
        for pid in victims:
            until(lambda pid=pid: not is_alive(pid), what="a killed process does not end")
        self.master = 0

    def stop(self) -> None:
        """A clean one: workers finish what they have."""
        if not self.is_running():
            return
        family = [self.master, *children_of(self.master)]
        os.kill(self.master, signal.SIGQUIT)
        for pid in family:
            until(lambda pid=pid: not is_alive(pid), what="nginx does not end after SIGQUIT")
        self.master = 0

    def upgrade(self, back: bool) -> None:
        """USR2, WINCH, QUIT; with `back` the operator changes his mind after WINCH."""
        old = self.master
        os.kill(old, signal.SIGUSR2)
        until(
            lambda: self.pid_in_file() not in (0, old) and len(self.workers(self.pid_in_file())) == self.workers_wanted,
            what="the new program does not start",
        )
        new = self.pid_in_file()
        os.kill(old, signal.SIGWINCH)
        until(lambda: not self.workers(old), what="old workers do not end after SIGWINCH")
        leaves, stays = (new, old) if back else (old, new)
        if back:
            os.kill(old, signal.SIGHUP)
            until(lambda: len(self.workers(old)) == self.workers_wanted, what="the old master starts no workers again")
        family = [leaves, *children_of(leaves)]
        family = [pid for pid in family if pid != stays]
        os.kill(leaves, signal.SIGQUIT)
        for pid in family:
            until(lambda pid=pid: not is_alive(pid), what="nginx does not end after SIGQUIT in an upgrade")
        self.master = stays
        until(self.is_complete, what="workers are missing after an upgrade")

    # The error log

    def mark(self) -> int:
        return self.log.stat().st_size if self.log.exists() else 0

    def lines_since(self, mark: int) -> list:
        if not self.log.exists():
            return []
        with open(self.log, "rb") as file:
            file.seek(mark)
            return file.read().decode(errors="replace").splitlines()

    def check_alarms(self) -> None:
        for line in self.lines_since(0):
            is_alarm = re.search(
                r"\[(alert|crit|emerg)\]|exited on signal|open socket|Sanitizer|terminate called", line
            )
            bad_exit = re.search(r"exited with(?! code 0)", line)
            if (is_alarm or bad_exit) and not any(re.search(one, line) for one in self.expected_alarms):
                raise Fault(f"nginx's log: {line}")
