"""What grows: the store, the number of equal names, the number of requests served."""

import statistics
import time

import nginx
import wire
from results import Row, Target

NAME = "Enterprise Mobile Banking App"


def measure(env):
    _large_store(env)
    _same_name(env)
    _memory(env)


def _large_store(env):
    count = env.plan.large_store
    row = env.add(Row("size", f"creates, 128 connections, random names, store of {count:,} applications", "empty store",
                      "/s", Target(at_least=1 / 1.3)))
    bare = env.add(Row("size", f"SQLite loop, 64 a transaction, store of {count:,} applications", "empty store", "/s",
                       Target()))
    large, large_folder = env.new_store()
    env.load.fill(large, count)
    for _ in range(env.plan.rounds):
        row.add(_throughput(env, large, large_folder), _throughput(env, *env.new_store(), is_last=True))
        bare.add(_bare_throughput(env, large), _bare_throughput(env, *env.new_store()))
    env.forget(large_folder)


def _throughput(env, store, folder, is_last=False):
    with nginx.module(env.build, folder, store, 2) as ours:
        wire.send(ours.port, wire.create(store))
        rate = env.load.closed(ours.port, wire.create(store), 128, env.plan.latency).per_second
    if is_last:
        env.forget(folder)
    return rate


def _bare_throughput(env, store, folder=None):
    rate = env.load.sqlite_loop(store, 64, env.plan.short).per_second
    if folder:
        env.forget(folder)
    return rate


def _same_name(env):
    count = env.plan.same_name
    crowded, crowded_folder = env.new_store()
    env.load.fill(crowded, count - 1, NAME)

    warm = env.add(Row("size", f"a create, {count:,} applications with its name, p50", "its name is new, p50", "us",
                       Target(at_most=1.1)))
    with nginx.module(env.build, crowded_folder, crowded, 1) as ours:
        same, other = wire.create(crowded, NAME), wire.create(crowded)
        wire.send(ours.port, same)
        for _ in range(env.plan.rounds):
            warm.add(env.load.closed(ours.port, same, 1, env.plan.short).latency_us["50"],
                     env.load.closed(ours.port, other, 1, env.plan.short).latency_us["50"])

    fresh = env.add(Row("size", f"the same, first create of a fresh worker ({env.plan.fresh_starts} starts)",
                        "its name is new", "us", Target(at_most=1.5)))
    for start in range(env.plan.fresh_starts):
        with nginx.module(env.build, crowded_folder, crowded, 1) as ours, wire.open_connection(ours.port) as connection:
            news = [_create_microseconds(connection, wire.create(crowded, f"Start {start} number {n} {time.time_ns()}"))
                    for n in range(20)]
            fresh.add(_create_microseconds(connection, wire.create(crowded, NAME)), statistics.median(news[5:]))
    env.forget(crowded_folder)


def _create_microseconds(connection, request):
    begin = time.perf_counter()
    status, _ = wire.send_on(connection, request)
    if status != 200:
        raise RuntimeError(f"answered with {status}")
    return (time.perf_counter() - begin) * 1e6


def _memory(env):
    before, after = env.plan.memory_before, env.plan.memory_after
    row = env.add(Row("size", f"anonymous memory of a worker after {after:,} requests", f"after {before:,}", "kB",
                      Target(at_most=1.05), note="both workers of one run"))
    store, folder = env.new_store()
    with nginx.module(env.build, folder, store, 2) as ours:
        request = wire.create(store)
        _until(env, ours, request, before)
        first = _anonymous(ours)
        _until(env, ours, request, after - before)
        for now, then in zip(_anonymous(ours), first):
            row.add(now, then)
    env.forget(folder)


def _until(env, ours, request, requests):
    while requests > 0:
        load = env.load.closed(ours.port, request, 64, min(10, max(1, requests // 20000)))
        requests -= load.requests


def _anonymous(server):
    found = []
    for pid in server.children():
        with open(f"/proc/{pid}/status", encoding="ascii") as status:
            found += [int(line.split()[1]) for line in status if line.startswith("RssAnon:")]
    return found
