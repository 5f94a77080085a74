"""Load, closed-loop and open-loop, and what it measured."""

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

from process import run

SCRIPT = Path(__file__).parent / "load.lua"
REAL_TIME = ["chrt", "--rr", "1"]


@dataclass(frozen=True)
class Load:
    per_second: float
    requests: int
    refused: int
    latency_us: dict  # by percentile, as text: "50", "99.9"


class Generator:
    def __init__(self, build, folder):
        self.build = build
        self.folder = folder
        self.files = 0
        self.has_real_time = subprocess.run([*REAL_TIME, "true"], capture_output=True, check=False).returncode == 0

    def _file(self, request):
        self.files += 1
        path = self.folder / f"request-{self.files}"
        path.write_bytes(request)
        return path

    def closed(self, port, request, connections, seconds, expects_refusal=False):
        """wrk: each connection sends as soon as it has its answer."""
        found = self._wrk(port, request, connections, seconds)
        if found["requests"] == 0:
            # So slow a side, or so busy a machine, that nothing was answered in time.
            found = self._wrk(port, request, connections, seconds * 5)
        if found["requests"] == 0:
            raise RuntimeError(f"no answer in {seconds * 5} s at port {port}")
        if found["broken"] or (found["refused"] != 0 and not expects_refusal):
            raise RuntimeError(f"{found['refused']} requests refused, {found['broken']} broken at port {port}")
        if expects_refusal and found["refused"] < found["requests"] * 0.99:
            raise RuntimeError(f"only {found['refused']} of {found['requests']} were refused at port {port}")
        return Load(found["requests"] / found["seconds"], found["requests"], found["refused"], found["latency_us"])

    def _wrk(self, port, request, connections, seconds):
        out = run(["wrk", "-t", min(2, connections), "-c", connections, "-d", f"{seconds}s", "--timeout", "10s",
                   "-s", SCRIPT, f"http://127.0.0.1:{port}/", "--", self._file(request)])
        return json.loads(out.strip().splitlines()[-1])

    def open_command(self, port, request, rate, seconds, connections):
        return [str(word) for word in (self.build / "bench_open_loop", port, self._file(request), rate, seconds,
                                       connections)]

    def open(self, port, request, rate, seconds, connections, real_time=False):
        """Requests at a constant rate, each measured from when it was due. `real_time`: what measures does not wait for
        a core itself, as if it ran on another machine."""
        command = self.open_command(port, request, rate, seconds, connections)
        return read_open(run([*REAL_TIME, *command] if real_time and self.has_real_time else command), seconds)

    def sqlite_loop(self, store, creates, seconds):
        return self._loop("bench_sqlite_loop", store.path, creates, seconds)

    def handed_loop(self, store, seconds):
        return self._loop("bench_handed_loop", store.path, seconds)

    def mongo_loop(self, store, creates, seconds, most):
        return self._loop("bench_mongo_loop", store.uri, store.organization, creates, seconds, most)

    def _loop(self, program, *words):
        found = json.loads(run([self.build / program, *words]))
        return Load(found["per_second"], 0, 0, found["latency_us"])

    def fill(self, store, count, *name):
        run([self.build / "bench_fill", store.uri, store.organization, count, *name], stdin=store.token + "\n")


def read_open(out, seconds):
    found = json.loads(out)
    refused = found["answered"] - found["statuses"].get("200", 0)
    return Load(found["answered"] / seconds, found["answered"], refused, found["latency_us"])
