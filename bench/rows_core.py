"""The core alone, beside the plainest program that does the like (Google Benchmark)."""

import json

from process import run
from results import Row, Target

# what, against, and their names in core_benchmark.cc
PAIRS = [
    ("create without a store, ASCII name, 200-byte body", "json_loads + json_dumps of the answer",
     "create/ascii", "answer_jansson/ascii", Target(at_most=0.5)),
    ("create without a store, Latin name, 200-byte body", "json_loads + json_dumps of the answer",
     "create/latin", "answer_jansson/latin", Target(at_most=1)),
    ("create without a store, Han name, 200-byte body", "json_loads + json_dumps of the answer",
     "create/han", "answer_jansson/han", Target(at_most=1)),
] + [
    (f"parse + validate + serialise, {title}", "json_loads + json_dumps of the body", f"request/{size}",
     f"request_jansson/{size}", Target())
    for size, title in ((200, "0.2 KB"), (2000, "2 KB"), (20000, "20 KB"), (200000, "200 KB"))
] + [
    ("slug of an ASCII name", "ICU's transliteration", "slug_ascii", "slug_icu/ascii", Target()),
    ("slug of a Latin name", "ICU's transliteration", "slug/latin", "slug_icu/latin", Target()),
    ("slug of a Han name", "ICU's transliteration", "slug/han", "slug_icu/han", Target()),
    ("bearer token, read and hashed", "one bare SHA-256", "bearer", "bearer_sha256", Target()),
]


def measure(env):
    out = run([env.build / "bench_core", f"--benchmark_repetitions={env.plan.core_repetitions}",
               f"--benchmark_min_time={env.plan.core_seconds}", "--benchmark_enable_random_interleaving=true",
               "--benchmark_format=json"])
    times = {}
    for one in json.loads(out)["benchmarks"]:
        if one["run_type"] == "iteration":
            times.setdefault(one["run_name"], []).append(one["cpu_time"])
    for what, against, ours, reference, target in PAIRS:
        row = env.add(Row("core", what, against, "ns CPU", target))
        for pair in zip(times[ours], times[reference]):
            row.add(*pair)
