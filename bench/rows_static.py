"""A static file of the same worker, while creates run and while the store is locked."""

import sqlite3
import subprocess
import time
from contextlib import closing, contextmanager

import nginx
import wire
from load import read_open
from results import Row, Target

PROBES = 500  # a second
PROBE_CONNECTIONS = 4
LOCKED_RATE = 1000
FILE = "/static/page.html"


def measure(env):
    capacity = _capacity(env)
    _beside_creates(env, capacity // 2)
    _beside_lock(env)


def _capacity(env):
    store, folder = env.new_store()
    with nginx.module(env.build, folder, store, 1) as ours:
        load = env.load.closed(ours.port, wire.create(store), 128, env.plan.short)
    env.forget(folder)
    return int(load.per_second)


def probe(env, port, seconds, real_time=True):
    """p99 of a static file, in microseconds. In real time, so that it is the server's: a client of its own machine does
    not wait for a core that the server and what offers the creates have taken."""
    load = env.load.open(port, wire.get(FILE), PROBES, seconds, PROBE_CONNECTIONS, real_time)
    if load.refused:
        raise RuntimeError(f"{load.refused} static files refused")
    return load.latency_us["99"]


def note(env):
    if env.load.has_real_time:
        return ""
    return "the probe may not run in real time here (chrt), and waits for a core itself"


@contextmanager
def offered(env, port, request, rate, seconds):
    """Creates at a constant rate beside what the block does."""
    command = env.load.open_command(port, request, rate, seconds, 256)
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        time.sleep(0.3)
        results = []
        yield results
        results.append(read_open(process.communicate()[0], seconds))


def _beside_creates(env, rate):
    what = f"p99 of a static file, {rate} creates/s beside it, 1 worker"
    row = env.add(Row("static", what, "idle", "us", Target(at_most=2), note=note(env)))
    waiting = env.add(Row("static", "the same, the probe at ordinary priority", "idle", "us"))
    sides = ((row, True), (waiting, False))
    seconds = env.plan.static
    for _ in range(env.plan.rounds):
        store, folder = env.new_store()
        with nginx.module(env.build, folder, store, 1) as ours:
            wire.send(ours.port, wire.create(store))
            idle = [probe(env, ours.port, seconds, real_time) for _, real_time in sides]
            with offered(env, ours.port, wire.create(store), rate, len(sides) * seconds + 1):
                for (side, real_time), before in zip(sides, idle):
                    side.add(probe(env, ours.port, seconds, real_time), before)
        env.forget(folder)


def _beside_lock(env):
    seconds = env.plan.lock
    row = env.add(Row("static", f"p99 of a static file, store locked {seconds:g} s, {LOCKED_RATE} creates/s offered",
                      "idle", "us", Target(at_most=1.5), note=note(env)))
    for _ in range(env.plan.stalls):
        store, folder = env.new_store()
        with nginx.module(env.build, folder, store, 1) as ours:
            wire.send(ours.port, wire.create(store))
            idle = probe(env, ours.port, seconds)
            with closing(sqlite3.connect(store.path, isolation_level=None)) as holder:
                holder.execute("BEGIN IMMEDIATE")
                with offered(env, ours.port, wire.create(store), LOCKED_RATE, seconds):
                    row.add(probe(env, ours.port, seconds), idle)
                    holder.execute("ROLLBACK")
        env.forget(folder)
