"""Makes the library's metrics of plain numbers."""

from collections.abc import Iterable

from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric

from ingest_api.counters import Histogram

Labels = tuple[str, ...]
Values = Iterable[tuple[Labels, float]]
NONE: Labels = ()


def gauge(name: str, help_text: str, value: float) -> Metric:
    """A number that goes up and down."""
    return GaugeMetricFamily(name, help_text, value=value)


def counter(name: str, help_text: str, value: float) -> Metric:
    """A number that only grows; the library adds `_total` to its name."""
    return CounterMetricFamily(name, help_text, value=value)


def gauges(name: str, help_text: str, labels: Labels, values: Values) -> Metric:
    """One gauge for each value of its labels."""
    family = GaugeMetricFamily(name, help_text, labels=labels)
    for of, value in values:
        family.add_metric(of, value)
    return family


def counters(name: str, help_text: str, labels: Labels, values: Values) -> Metric:
    """One counter for each value of its labels."""
    family = CounterMetricFamily(name, help_text, labels=labels)
    for of, value in values:
        family.add_metric(of, value)
    return family


def histograms(name: str, help_text: str, labels: Labels, values: Iterable[tuple[Labels, Histogram]]) -> Metric:
    """One histogram for each value of its labels, of the sums of those that have the same."""
    merged: dict[Labels, Histogram] = {}
    for of, histogram in values:
        into = merged.setdefault(of, Histogram.of(histogram.bounds))
        into.counts = [mine + more for mine, more in zip(into.counts, histogram.counts, strict=True)]
        into.total += histogram.total
    family = HistogramMetricFamily(name, help_text, labels=labels)
    for of, histogram in sorted(merged.items(), key=lambda item: item[0]):
        family.add_metric(of, _buckets(histogram), histogram.total)
    return family


def _buckets(histogram: Histogram) -> list[tuple[str, float]]:
    """Prometheus counts in each bucket what is in the ones before, too."""
    counts: list[tuple[str, float]] = []
    below = 0
    for bound, count in zip((*map(str, histogram.bounds), "+Inf"), histogram.counts, strict=True):
        below += count
        counts.append((bound, below))
    return counts
