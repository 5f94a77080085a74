"""Creates with many workers, as fronts have them that run one for each core: against one worker, the bare store, and the
best peer behind as many."""

import collections

import nginx
import peers
import wire
from results import Rates, Row, Target

WORKERS = (2, 4, 8, 16)
CROWD = 8  # workers whose shares and percentiles are looked at
CONNECTIONS = 256
TRANSACTION = 64


def measure(env):
    rates = Rates()
    p99 = Row("workers", f"p99, {CONNECTIONS} connections, {CROWD} workers", "p50", "us", Target(at_most=4))
    shares = Row("workers", f"fewest requests of a worker, {CONNECTIONS} connections, {CROWD} workers",
                 "its equal share", "requests", Target(at_least=0.5))
    batches = {}
    for number in range(env.plan.rounds):
        for workers in (1, *WORKERS):
            _measure_module(env, rates, batches, workers)
        _measure_loop(env, rates)
        for workers in WORKERS:
            _measure_peer(env, rates, workers)
        _measure_crowd(env, p99, shares)
        env.say(f"  round {number + 1} of {env.plan.rounds}")
    _add_rows(env, rates, batches)
    env.add(p99)
    env.add(shares)


def _connections(env):
    return (env.plan.many[0], env.plan.many[-1])


def _measure_module(env, rates, batches, workers):
    for connections in _connections(env):
        store, folder = env.new_store()
        with nginx.module(env.build, folder, store, workers, value="$app_create_batch") as ours:
            rates.add(f"module-{workers}", connections,
                      env.load.closed(ours.port, wire.create(store), connections, env.plan.short).per_second)
        sizes = [int(size) for size in nginx.values(folder) if size.isdigit()]
        batches.setdefault((workers, connections), []).append(sum(sizes) / len(sizes))
        env.forget(folder)


def _measure_loop(env, rates):
    store, folder = env.new_store()
    rates.add("loop", TRANSACTION, env.load.sqlite_loop(store, TRANSACTION, env.plan.short).per_second)
    env.forget(folder)


def _measure_peer(env, rates, workers):
    store, folder = env.new_store()
    with peers.GO.serve(env.build, folder, store, workers) as (behind, _):
        request = wire.create(store)
        wire.send(behind, request)
        for connections in _connections(env):
            rates.add(f"peer-{workers}", connections,
                      env.load.closed(behind, request, connections, env.plan.short).per_second)
    env.forget(folder)


def _measure_crowd(env, p99, shares):
    store, folder = env.new_store()
    with nginx.module(env.build, folder, store, CROWD, value="$pid") as ours:
        load = env.load.closed(ours.port, wire.create(store), CONNECTIONS, env.plan.latency)
    p99.add(load.latency_us["99"], load.latency_us["50"])
    counts = collections.Counter(nginx.values(folder))
    fewest = min(counts.values()) if len(counts) == CROWD else 0
    shares.add(fewest, sum(counts.values()) / CROWD)
    env.forget(folder)


def _add_rows(env, rates, batches):
    def row(workers, connections, against, reference, at_least, note=""):
        env.add(rates.row("workers", f"creates, {connections} connections, {workers} worker{'s' * (workers > 1)}",
                          (f"module-{workers}", connections), against, reference, Target(at_least), note))

    def size(workers, connections):
        found = batches[workers, connections]
        return f"{sum(found) / len(found):.0f}"

    for connections in _connections(env):
        for workers in WORKERS:
            row(workers, connections, "1 worker", ("module-1", connections), 0.95,
                f"a create's batch has {size(workers, connections)} on average, {size(1, connections)} with 1 worker")
    for connections in _connections(env):
        for workers in (1, *WORKERS):
            row(workers, connections, f"SQLite loop, {TRANSACTION} a transaction", ("loop", TRANSACTION),
                0.75 if workers > 1 else None)
    for connections in _connections(env):
        for workers in WORKERS:
            row(workers, connections, f"{peers.GO.title}, behind as many", (f"peer-{workers}", connections), 2)
