"""The machine that the numbers belong to."""

import os
import platform
import re
import shutil
import statistics
import subprocess
import time
from pathlib import Path

SYNCS = 200


def _first(path, key):
    for line in Path(path).read_text().splitlines():
        if line.startswith(key):
            return line.split(":", 1)[1].strip()
    return "unknown"


def _version(*command):
    if shutil.which(command[0]) is None:
        return "absent"
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    first = (done.stdout + done.stderr).strip().splitlines()[0]
    return first.removeprefix("nginx version: ").split(" [")[0]


def _mongo_server():
    pom = (Path(__file__).parent.parent / "tests" / "mongo" / "server" / "pom.xml").read_text()
    found = re.search(r"<artifactId>(mongo-java-server)</artifactId>\s*<version>([^<]+)", pom)
    return " ".join(found.groups()) if found else "unknown"


def _sync_microseconds(folder):
    """Of one 4 KiB page in a file that has its size already: what a commit waits for."""
    path = folder / "sync-probe"
    took = []
    with open(path, "wb") as file:
        file.write(b"x" * 65536)
        os.fsync(file.fileno())
        for i in range(SYNCS):
            os.pwrite(file.fileno(), b"y" * 4096, i % 16 * 4096)
            start = time.perf_counter()
            os.fdatasync(file.fileno())
            took.append((time.perf_counter() - start) * 1e6)
    path.unlink()
    took.sort()
    return statistics.median(took), took[int(len(took) * 0.99)]


def _filesystem(folder):
    done = subprocess.run(["findmnt", "-no", "FSTYPE,SOURCE", "-T", str(folder)], capture_output=True, text=True,
                          check=False)
    return " ".join(done.stdout.split()) or "unknown"


def describe(folder):
    median, p99 = _sync_microseconds(folder)
    return {
        "date": time.strftime("%Y-%m-%d"),
        "cpu": _first("/proc/cpuinfo", "model name"),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30),
        "kernel": platform.release(),
        "load_before": round(os.getloadavg()[0], 2),
        "filesystem": _filesystem(folder),
        "fdatasync_us": {"median": round(median), "p99": round(p99)},
        "nginx": _version("nginx", "-v"),
        "node": _version("node", "--version"),
        "go": _version("go", "version"),
        "wrk": _version("wrk", "-v"),
        "java": _version("java", "-version"),
        "mongo_server": _mongo_server(),
    }


def lines(machine):
    sync = machine["fdatasync_us"]
    return [
        f"{machine['date']}; {machine['cpu']}, {machine['cores']} cores, {machine['memory_gib']} GiB, "
        f"Linux {machine['kernel']}, load before {machine['load_before']}",
        f"store on {machine['filesystem']}; fdatasync of a page: median {sync['median']} us, p99 {sync['p99']} us",
        f"{machine['nginx']}; node {machine['node']}; {machine['go']}; {machine['wrk']}; {machine['mongo_server']} on "
        f"{machine['java']}",
        f"took {machine['took_seconds'] // 60} min {machine['took_seconds'] % 60} s",
    ]
