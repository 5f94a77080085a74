"""The plots: throughput by concurrency for each store, latency by percentile."""

import math
import statistics

import peers
import svg


def _peer_titles(listed, *kinds):
    return {f"{peer.name}-{kind}": f"{peer.title}, {kind}".replace("one transaction a request", "single")
            for peer in listed for kind in kinds}


# The sides of each plot, by what their rates are kept under.
SQLITE = {"module-2": "module, 2 workers", "module-1": "module, 1 worker", "return-2": "return 200, 2 workers",
          **_peer_titles(peers.ALL, "proxied", "direct")}
MONGO = {"module": "module, 2 workers", **_peer_titles(peers.ON_MONGO, "proxied")}
PERCENTILES = ("1", "10", "25", "50", "75", "90", "95", "99", "99.5", "99.9", "99.99")


def _throughput(store, titles, found):
    numbers = sorted({n for side in titles for n in found.get(side, ())})
    if len(numbers) < 2:
        return None
    places = {n: i / (len(numbers) - 1) for i, n in enumerate(numbers)}
    series = {title: [(places[n], statistics.median(rates)) for n, rates in sorted(found[side].items())]
              for side, title in titles.items()}
    return svg.chart(f"Throughput by concurrency, {store}", "connections", "requests a second",
                     [(str(n), place) for n, place in places.items()], series)


def _latency(found):
    # 99.9 is as far from 99 as 99 is from 90.
    nines = {p: -math.log10(1 - float(p) / 100) for p in PERCENTILES}
    places = {p: nines[p] / nines[PERCENTILES[-1]] for p in PERCENTILES}
    series = {name: [(places[p], latency[p] / 1000) for p in PERCENTILES] for name, latency in found.items()}
    ticks = [(p, places[p]) for p in ("1", "50", "90", "99", "99.9", "99.99")]
    return svg.chart("Latency of a durable create, open-loop", "percentile", "milliseconds", ticks, series)


def draw(env, folder):
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, text in (("throughput", env.throughput and _throughput("SQLite", SQLITE, env.throughput)),
                       ("throughput-mongodb", env.mongo_throughput
                        and _throughput("MongoDB", MONGO, env.mongo_throughput)),
                       ("latency", env.percentiles and _latency(env.percentiles))):
        if text:
            (folder / f"{name}.svg").write_text(text)
            written.append(folder / f"{name}.svg")
    return written
