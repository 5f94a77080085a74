"""Durable creates a second, against nginx itself, the bare store and the peers."""

import nginx
import peers
import wire
from checkpoints import log_restarts
from results import Rates, Target

TRANSACTIONS = (1, 8, 64)
WORKERS = 2
RETURN_TARGET = {64: 0.30, 128: 0.30, 256: 0.35}


def _connections(plan, workers):
    """One comes last: a log that still grows makes each commit wait for the file system's journal as well."""
    return (*plan.few, *plan.many, 1) if workers == WORKERS else plan.many


def _measure_module(env, rates, workers, restarts):
    store, folder = env.new_store()
    with nginx.module(env.build, folder, store, workers) as ours:
        request = wire.create(store)
        for connections in _connections(env.plan, workers):
            seconds = env.plan.create if connections in env.plan.many else env.plan.short
            before = log_restarts(store)
            rates.add(f"module-{workers}", connections,
                      env.load.closed(ours.port, request, connections, seconds).per_second)
            restarts.setdefault((workers, connections), []).append(log_restarts(store) - before)
    env.forget(folder)


def _measure_return(env, rates, workers, size):
    folder = env.new_folder()
    request = wire.create(env.template)
    with nginx.static_return(folder, workers, size) as plain:
        for connections in _connections(env.plan, workers):
            rates.add(f"return-{workers}", connections,
                      env.load.closed(plain.port, request, connections, env.plan.short).per_second)


def _measure_peer(env, rates, peer):
    store, folder = env.new_store()
    with peer.serve(env.build, folder, store, WORKERS) as (behind, direct):
        request = wire.create(store)
        wire.send(behind, request)
        for connections in (*env.plan.many, 1):
            rates.add(f"{peer.name}-proxied", connections,
                      env.load.closed(behind, request, connections, env.plan.short).per_second)
        for connections in env.plan.direct:
            rates.add(f"{peer.name}-direct", connections,
                      env.load.closed(direct, request, connections, env.plan.short).per_second)
    env.forget(folder)


def _measure_loop(env, rates):
    for creates in TRANSACTIONS:
        store, folder = env.new_store()
        rates.add("loop", creates, env.load.sqlite_loop(store, creates, env.plan.short).per_second)
        env.forget(folder)
    store, folder = env.new_store()
    rates.add("handed", 1, env.load.handed_loop(store, env.plan.short).per_second)
    env.forget(folder)


def _answer_size(env):
    store, folder = env.new_store()
    with nginx.module(env.build, folder, store, 1) as ours:
        status, body = wire.send(ours.port, wire.create(store))
    if status != 200:
        raise RuntimeError(f"the module answers {status}: {body.decode()}")
    env.forget(folder)
    return len(body)


def measure(env):
    rates, restarts = Rates(), {}
    size = _answer_size(env)
    for number in range(env.plan.rounds):
        for workers in (1, WORKERS):
            _measure_module(env, rates, workers, restarts)
            _measure_return(env, rates, workers, size)
        _measure_loop(env, rates)
        for peer in peers.ALL:
            _measure_peer(env, rates, peer)
        env.say(f"  round {number + 1} of {env.plan.rounds}")
    env.throughput = rates.found
    _add_rows(env, rates, restarts)


def _add_rows(env, rates, restarts):
    def row(what, ours, against, reference, at_least=None, note=""):
        env.add(rates.row("creates", what, ours, against, reference, Target(at_least), note))

    proxied = [f"{peer.name}-proxied" for peer in peers.ALL]
    titles = {f"{peer.name}-proxied": peer.title for peer in peers.ALL}
    ours = f"module-{WORKERS}"
    for workers in (1, WORKERS):
        for n in env.plan.many:
            counts = restarts[(workers, n)]
            row(f"creates, {n} connections, {workers} worker{'s' * (workers > 1)}", (f"module-{workers}", n),
                "return 200", (f"return-{workers}", n), RETURN_TARGET[n],
                f"{env.plan.create:g} s a round, log restarted {sum(counts)} times by checkpoints")
    # What the bare store reaches of that, which no module can pass.
    for n in env.plan.many:
        row("SQLite loop, 64 a transaction", ("loop", 64), f"return 200, {n} connections, {WORKERS} workers",
            (f"return-{WORKERS}", n))
    for n in env.plan.many:
        row(f"creates, {n} connections", (ours, n), "SQLite loop, 64 a transaction", ("loop", 64), 0.55)
    for n in env.plan.many:
        best = rates.best(proxied, n)
        row(f"creates, {n} connections", (ours, n), f"best peer proxied: {titles[best]}", (best, n), 3)
        row("SQLite loop, 64 a transaction", ("loop", 64), f"the same peer, {n} connections", (best, n))
    for n in env.plan.many:
        row(f"creates, {n} connections", (ours, n), "Fastify, one transaction a request, proxied",
            ("fastify-single-proxied", n), 10)
    best = rates.best(proxied, 1)
    row("creates, 1 connection", (ours, 1), f"best peer proxied: {titles[best]}", (best, 1), 1.5)
    row("an event loop that hands the insert to a thread", ("handed", 1), "the same peer, 1 connection", (best, 1))
    for peer in peers.ALL:
        row("creates, 64 connections", (ours, 64), f"{peer.title}, direct", (f"{peer.name}-direct", 64))
    for creates in TRANSACTIONS[1:]:
        row(f"SQLite loop, {creates} a transaction", ("loop", creates), "SQLite loop, 1 a transaction", ("loop", 1))
