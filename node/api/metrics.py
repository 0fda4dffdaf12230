"""Numbers for Prometheus: requests by route template, and what the store says of links, holds and quarantine.

Owns one registry per node and the names of its series. No business data: labels are templates, states and node ids.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric

BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 30.0)
MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"

Gauges = Mapping[str, tuple[str, Mapping[str, float]]]
"""Series name → (help, label value → number); the label is called ``name`` and empty where there is only one."""


class Metrics:
    """The node's registry. ``gauges`` is asked at every scrape."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "yui_http_requests", "Requests by route and status", ("method", "route", "status"), registry=self.registry
        )
        self.seconds = Histogram(
            "yui_http_request_seconds", "Duration of requests", ("route",), registry=self.registry, buckets=BUCKETS
        )

    def request(self, method: str, route: str, status: int, seconds: float) -> None:
        """One request was answered."""
        self.requests.labels(method, route, str(status)).inc()
        self.seconds.labels(route).observe(seconds)

    def render(self, gauges: Gauges) -> bytes:
        """The page that Prometheus reads."""
        collector = _Snapshot(gauges)
        registry = CollectorRegistry()
        registry.register(collector)
        return generate_latest(self.registry) + generate_latest(registry)


class _Snapshot:
    def __init__(self, gauges: Gauges) -> None:
        self._gauges = gauges

    def collect(self) -> Iterable[Metric]:
        for name, (text, values) in self._gauges.items():
            labelled = list(values) != [""]
            family = GaugeMetricFamily(name, text, labels=["name"] if labelled else None)
            for label, value in values.items():
                family.add_metric([label] if labelled else [], value)
            yield family


GaugeSource = Callable[[], Gauges]
