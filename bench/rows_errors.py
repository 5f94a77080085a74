"""Answers that need no store, against nginx's own `return` of the same size."""

import nginx
import wire
from results import Row, Target

CONNECTIONS = 64
WORKERS = 2
# What every answer has (docs/api.md, "Response"), and a 401 by RFC 6750.
HEADERS = """
    add_header X-Request-ID $request_id;
    add_header Cache-Control no-store;
    add_header WWW-Authenticate 'Bearer realm="applications"';
"""


def measure(env):
    store, folder = env.new_store()
    kinds = [
        ("401, no token", wire.create(store, token=None), 0.9),
        ("401, cached key without the permission", wire.create(store, token=store.idle_token), 0.9),
        ("400, a violation, 200-byte body", wire.create(store, language="xx"), 0.75),
    ]
    with nginx.module(env.build, folder, store, WORKERS) as ours:
        for what, request, target in kinds:
            size = len(wire.send(ours.port, request)[1])
            rows = [(env.add(Row("answers", what, "return 200", "/s", Target(at_least=target))), ""),
                    (env.add(Row("answers", what, "return 200 with the same headers", "/s")), HEADERS)]
            for _ in range(env.plan.rounds):
                rate = env.load.closed(ours.port, request, CONNECTIONS, env.plan.short, True).per_second
                for row, more in rows:
                    with nginx.static_return(env.new_folder(), WORKERS, size, more) as plain:
                        row.add(rate, env.load.closed(plain.port, request, CONNECTIONS, env.plan.short).per_second)
    env.forget(folder)
