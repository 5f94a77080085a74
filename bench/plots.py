"""The two plots: throughput by concurrency, latency by percentile."""

import math
import statistics

import peers
import svg

TITLES = {"module-2": "module, 2 workers", "module-1": "module, 1 worker", "return-2": "return 200, 2 workers"}
for _peer in peers.ALL:
    TITLES[f"{_peer.name}-proxied"] = f"{_peer.title}, proxied".replace("one transaction a request", "single")
    TITLES[f"{_peer.name}-direct"] = f"{_peer.title}, direct".replace("one transaction a request", "single")
PERCENTILES = ("1", "10", "25", "50", "75", "90", "95", "99", "99.5", "99.9", "99.99")


def _throughput(found):
    numbers = sorted({n for side in TITLES for n in found[side]})
    places = {n: i / (len(numbers) - 1) for i, n in enumerate(numbers)}
    series = {title: [(places[n], statistics.median(rates)) for n, rates in sorted(found[side].items())]
              for side, title in TITLES.items()}
    return svg.chart("Throughput by concurrency", "connections", "requests a second",
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
    for name, text in (("throughput", env.throughput and _throughput(env.throughput)),
                       ("latency", env.percentiles and _latency(env.percentiles))):
        if text:
            (folder / f"{name}.svg").write_text(text)
            written.append(folder / f"{name}.svg")
    return written
