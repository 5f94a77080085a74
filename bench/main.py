"""Measures every row and prints the table; bench/run.sh installs and builds what this needs."""

import argparse
import json
import sys
import time
from pathlib import Path

import machine
import plots
import rows_core
import rows_creates
import rows_errors
import rows_latency
import rows_limits
import rows_metrics
import rows_mongo
import rows_size
import rows_static
import rows_workers
import table
from env import Env
from plan import FULL, QUICK

# In this order: the plot of latencies takes its rates from the creates.
GROUPS = {"core": rows_core, "answers": rows_errors, "creates": rows_creates, "latency": rows_latency,
          "workers": rows_workers, "static": rows_static, "size": rows_size, "mongo": rows_mongo,
          "metrics": rows_metrics, "limits": rows_limits}


def arguments():
    parser = argparse.ArgumentParser(prog="bench/run.sh", description="Measures this project against its peers.")
    parser.add_argument("--quick", action="store_true", help="some five minutes; smaller stores, shorter runs")
    parser.add_argument("--json", action="store_true", help="print JSON instead of the table")
    parser.add_argument("--only", metavar="GROUP", action="append", choices=list(GROUPS),
                        help=f"these rows only, may be repeated: {', '.join(GROUPS)}")
    parser.add_argument("--build", type=Path, required=True, help=argparse.SUPPRESS)
    parser.add_argument("--plots", type=Path,
                        help="where the SVG files go; default: bench-plots in the build directory")
    return parser.parse_args()


def main():
    options = arguments()
    only = options.only or list(GROUPS)
    if "latency" in only and "creates" not in only:
        only.append("creates")
    started = time.monotonic()
    build = options.build.resolve()
    env = Env(QUICK if options.quick else FULL, build, build / "bench-run")
    about = machine.describe(env.folder)
    for name, group in GROUPS.items():
        if name in only:
            env.say(f"measuring: {name} ({time.monotonic() - started:.0f} s)")
            group.measure(env)
    about["took_seconds"] = round(time.monotonic() - started)
    env.forget(env.folder)

    for path in plots.draw(env, options.plots or build / "bench-plots"):
        env.say(f"drawn: {path}")
    if options.json:
        json.dump({"machine": about, "quick": options.quick, "rows": [row.as_json() for row in env.rows],
                   "throughput": env.throughput, "throughput_mongodb": env.mongo_throughput,
                   "latency_us": env.percentiles}, sys.stdout, indent=1)
        print()
    else:
        if options.quick:
            print("Quick run: shorter, with smaller stores than the targets are for.\n")
        print(table.render(env.rows, about), end="")


if __name__ == "__main__":
    main()
