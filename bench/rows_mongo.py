"""Creates into MongoDB: against the bare server, batches of one and a service, and a static file while it is stopped."""

import statistics

import nginx
import peers
import wire
from mongo import MongoServer
from results import Rates, Row, Target
from rows_static import note, offered, probe

SINGLE = 64  # connections
BATCHES = (1, 64)
WORKERS = 2
CROWD = (1, 8)
STOPPED_RATE = 1000
# A server in Java that collects its garbage is no store that failed.
PATIENCE = "app_create_timeout 20s;"


def measure(env):
    with MongoServer(env.build, env.folder) as server:
        server.warm(env, env.plan.mongo_warm)
        if env.plan.is_full:
            _measure_both(env, server, Rates(), {})  # what the server's compiler learns from these is not counted
        rates, batches = Rates(), {}
        for number in range(env.plan.rounds):
            _measure_both(env, server, rates, batches)
            for workers in CROWD:
                _measure_module(env, server, rates, batches, f"module-{workers}", nginx.module, (SINGLE,), workers)
            _measure_loop(env, server, rates)
            for peer in peers.ON_MONGO:
                _measure_peer(env, server, rates, peer)
            env.say(f"  round {number + 1} of {env.plan.rounds}")
        _add_rows(env, rates, batches)
        env.mongo_throughput = rates.found
        _beside_stop(env, server)


def _measure_both(env, server, rates, batches):
    _measure_module(env, server, rates, batches, "module", nginx.module, env.plan.mongo)
    _measure_module(env, server, rates, batches, "single", nginx.module_singly, (SINGLE,))


def _measure_module(env, server, rates, batches, side, serve, connections, workers=WORKERS):
    for n in connections:
        folder = env.new_folder()
        folder.mkdir()
        with server.new_store() as store:
            with serve(env.build, folder, store, workers, PATIENCE, "$app_create_batch") as ours:
                request = wire.create(store)
                env.load.closed(ours.port, request, n, env.plan.warm)
                rates.add(side, n, env.load.closed(ours.port, request, n, env.plan.short).per_second)
        batches.setdefault((side, n), []).append(_mean_batch(folder))
        env.forget(folder)


def _mean_batch(folder):
    """Of the batch that a create was in; a client that went away has none."""
    return statistics.mean(int(size) for size in nginx.values(folder) if size.isdigit())


def _measure_loop(env, server, rates):
    for creates in BATCHES:
        with server.new_store() as store:
            env.load.fill(store, 1)
            rates.add("loop", creates,
                      env.load.mongo_loop(store, creates, env.plan.short, env.plan.mongo_most).per_second)


def _measure_peer(env, server, rates, peer):
    for n in env.plan.mongo:
        folder = env.new_folder()
        folder.mkdir()
        with server.new_store() as store, peer.serve(env.build, folder, store, WORKERS) as (behind, _):
            request = wire.create(store)
            env.load.closed(behind, request, n, env.plan.warm)
            rates.add(f"{peer.name}-proxied", n, env.load.closed(behind, request, n, env.plan.short).per_second)
        env.forget(folder)


def _add_rows(env, rates, batches):
    def row(what, ours, against, reference, at_least=None, note=""):
        env.add(rates.row("mongo", what, ours, against, reference, Target(at_least), note))

    single = statistics.mean(batches["single", SINGLE])
    if single > 1.001:
        raise RuntimeError(f"batches of one had {single} creates")
    for n in env.plan.mongo:
        row(f"MongoDB: creates, {n} connections", ("module", n), "libmongoc loop, 64 a batch", ("loop", 64), 0.5,
            f"in batches of {statistics.mean(batches['module', n]):.0f} on average")
    row(f"MongoDB: creates, {SINGLE} connections", ("module", SINGLE), "the module with batches of one",
        ("single", SINGLE), 2, "there each connection has a writer of its own")
    one, many = (f"module-{workers}" for workers in CROWD)
    row(f"MongoDB: creates, {SINGLE} connections, {CROWD[-1]} workers", (many, SINGLE), "1 worker", (one, SINGLE), 0.9,
        f"in batches of {statistics.mean(batches[many, SINGLE]):.0f}, {statistics.mean(batches[one, SINGLE]):.0f}")
    row("libmongoc loop, 64 a batch", ("loop", 64), "the module with batches of one", ("single", SINGLE))
    for peer in peers.ON_MONGO:
        for n in env.plan.mongo:
            row(f"MongoDB: creates, {n} connections", ("module", n), f"{peer.title}, proxied",
                (f"{peer.name}-proxied", n), 4 if peer is peers.FASTIFY_MONGO else None)
    row("libmongoc loop, 64 a batch", ("loop", 64), "libmongoc loop, 1 a batch", ("loop", 1))


def _beside_stop(env, server):
    seconds = env.plan.lock
    row = env.add(Row("mongo", f"p99 of a static file, MongoDB stopped {seconds:g} s, {STOPPED_RATE} creates/s offered",
                      "idle", "us", Target(at_most=1.5), note=note(env)))
    for _ in range(env.plan.stalls):
        folder = env.new_folder()
        folder.mkdir()
        with server.new_store() as store, nginx.module(env.build, folder, store, 1) as ours:
            wire.send(ours.port, wire.create(store))
            idle = probe(env, ours.port, seconds)
            with offered(env, ours.port, wire.create(store), STOPPED_RATE, seconds + 1):
                with server.stopped():
                    row.add(probe(env, ours.port, seconds), idle)
        env.forget(folder)
