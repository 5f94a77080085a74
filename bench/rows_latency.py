"""Latency: of one create alone, of many, and how evenly workers share them."""

import collections

import nginx
import peers
import wire
from checkpoints import log_restarts
from results import Row, Target

WORKERS = (1, 2, 4)
CONNECTIONS = 256
SHARE = 0.5  # of the best throughput, for the plot


def measure(env):
    _alone(env)
    for workers in WORKERS:
        _crowd(env, workers)
    _by_percentile(env)


def _alone(env):
    row = env.add(Row("latency", "one create alone, p50", "one bare durable insert, p50", "us", Target(at_most=1.3)))
    hop = env.add(Row("latency", "return 200 alone, p50", "one bare durable insert, p50", "us", Target()))
    # What any event loop that does not wait for the disk itself needs.
    handed = env.add(Row("latency", "an event loop that hands the insert to a thread, p50",
                         "one bare durable insert, p50", "us", Target()))
    rest = env.add(Row("latency", "one create alone, p50", "that event loop, p50", "us", Target(at_most=1.2)))
    for _ in range(env.plan.rounds):
        store, folder = env.new_store()
        with nginx.module(env.build, folder, store, 1) as ours:
            size = len(wire.send(ours.port, wire.create(store))[1])
            # The bare loops' log has its size within the first second.
            while log_restarts(store) == 0:
                env.load.closed(ours.port, wire.create(store), CONNECTIONS, env.plan.warm)
            load = env.load.closed(ours.port, wire.create(store), 1, env.plan.latency)
        with nginx.static_return(folder / "return", 1, size) as plain:
            answer = env.load.closed(plain.port, wire.create(store), 1, env.plan.short)
        handed_store, handed_folder = env.new_store()
        loop = env.load.handed_loop(handed_store, env.plan.latency)
        bare_store, bare_folder = env.new_store()
        bare = env.load.sqlite_loop(bare_store, 1, env.plan.latency)
        row.add(load.latency_us["50"], bare.latency_us["50"])
        hop.add(answer.latency_us["50"], bare.latency_us["50"])
        handed.add(loop.latency_us["50"], bare.latency_us["50"])
        rest.add(load.latency_us["50"], loop.latency_us["50"])
        for used in (folder, handed_folder, bare_folder):
            env.forget(used)


def _crowd(env, workers):
    label = f"{CONNECTIONS} connections, {workers} worker{'s' * (workers > 1)}"
    p99 = env.add(Row("latency", f"p99, {label}", "p50", "us", Target(at_most=4)))
    p999 = env.add(Row("latency", f"p99.9, {label}", "150 ms", "us", Target(at_most=1)))
    shares = Row("latency", f"fewest requests of a worker, {label}", "its equal share", "requests",
                 Target(at_least=0.5))
    for _ in range(env.plan.rounds):
        store, folder = env.new_store()
        with nginx.module(env.build, folder, store, workers, value="$pid") as ours:
            load = env.load.closed(ours.port, wire.create(store), CONNECTIONS, env.plan.latency)
        p99.add(load.latency_us["99"], load.latency_us["50"])
        p999.add(load.latency_us["99.9"], 150_000)
        if workers > 1:
            counts = collections.Counter(nginx.values(folder))
            fewest = min(counts.values()) if len(counts) == workers else 0
            shares.add(fewest, sum(counts.values()) / workers)
        env.forget(folder)
    if workers > 1:
        env.add(shares)


def _by_percentile(env):
    """Open-loop, for the plot: every side at the same rate, half of what the best peer can do; ours at half of its own
    too."""
    many = env.plan.many[1]
    rate = int(SHARE * max(max(env.throughput[f"{peer.name}-proxied"][many]) for peer in peers.ALL))
    own_rate = int(SHARE * max(env.throughput["module-2"][many]))
    rows = {}
    for _ in range(env.plan.rounds):
        ours = _open_module(env, rate)
        for peer in peers.ALL:
            theirs = _open_peer(env, peer, rate)
            if peer.name not in rows:
                rows[peer.name] = env.add(Row("latency", f"p99 at {rate} creates/s open-loop, 64 connections",
                                              f"{peer.title}, proxied", "us"))
            rows[peer.name].add(ours.latency_us["99"], theirs.latency_us["99"])
            env.percentiles[f"{peer.title}, {rate}/s"] = theirs.latency_us
        env.percentiles[f"module, {rate}/s"] = ours.latency_us
    env.percentiles[f"module, {own_rate}/s"] = _open_module(env, own_rate).latency_us


def _open_module(env, rate):
    store, folder = env.new_store()
    with nginx.module(env.build, folder, store, 2) as ours:
        load = _open(env, ours.port, wire.create(store), rate)
    env.forget(folder)
    return load


def _open_peer(env, peer, rate):
    store, folder = env.new_store()
    with peer.serve(env.build, folder, store, 2) as (behind, _):
        load = _open(env, behind, wire.create(store), rate)
    env.forget(folder)
    return load


def _open(env, port, request, rate):
    env.load.closed(port, request, 64, env.plan.warm)
    return env.load.open(port, request, rate, env.plan.latency, 64)
