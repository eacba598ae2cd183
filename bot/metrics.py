"""What operators see at ``/metrics`` (Prometheus). One registry per process."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class Metrics:
    """Counters and timings; labels are closed lists, never names or titles."""

    def __init__(self) -> None:
        """A registry of its own, so that tests may build many."""
        self.registry = CollectorRegistry()
        self._effects = Counter(
            "muster_effects", "Effects carried out.", ["kind", "outcome"], registry=self.registry
        )
        self._effect_seconds = Histogram(
            "muster_effect_seconds",
            "Duration of one effect.",
            ["kind"],
            registry=self.registry,
            buckets=_SECONDS,
        )
        self._vendor_seconds = Histogram(
            "muster_vendor_call_seconds",
            "Duration of one vendor call.",
            ["vendor", "operation", "outcome"],
            registry=self.registry,
            buckets=_SECONDS,
        )
        self._acks = Histogram(
            "muster_slack_ack_seconds",
            "Time from a Slack envelope to its acknowledgement.",
            ["type"],
            registry=self.registry,
            buckets=_SECONDS,
        )
        self._webhooks = Counter(
            "muster_webhooks",
            "Webhooks by source and answer.",
            ["source", "outcome"],
            registry=self.registry,
        )
        self._waiting = Gauge(
            "muster_effects_waiting", "Effects not done.", ["kind", "state"], registry=self.registry
        )
        self._oldest = Gauge(
            "muster_effects_oldest_seconds", "Age of the oldest effect not done.", ["kind", "state"],
            registry=self.registry,
        )  # fmt: skip
        self._pages_mended = Counter(
            "muster_pages_mended", "Pages the auditor gave a next step.", registry=self.registry
        )
        self._pages_late = Gauge(
            "muster_pages_late", "Open pages whose next step is overdue.", registry=self.registry
        )
        self._provider_up = Gauge(
            "muster_provider_up",
            "1 while the provider takes our calls.",
            ["provider"],
            registry=self.registry,
        )

    def audited(self, *, mended: int, late: int) -> None:
        """The auditor looked at the open pages."""
        self._pages_mended.inc(mended)
        self._pages_late.set(late)

    def effect(self, kind: str, outcome: str, seconds: float) -> None:
        """One effect was carried out (or not)."""
        self._effects.labels(kind, outcome).inc()
        self._effect_seconds.labels(kind).observe(seconds)

    def vendor(self, vendor: str, operation: str, outcome: str, seconds: float) -> None:
        """One vendor call."""
        self._vendor_seconds.labels(vendor, operation, outcome).observe(seconds)

    def ack(self, kind: str, seconds: float) -> None:
        """One Slack envelope was acknowledged."""
        self._acks.labels(kind).observe(seconds)

    def webhook(self, source: str, outcome: str) -> None:
        """One webhook was answered."""
        self._webhooks.labels(source, outcome).inc()

    def provider(self, name: str, *, up: bool) -> None:
        """Whether a provider takes our calls."""
        self._provider_up.labels(name).set(1 if up else 0)

    def waiting(self, rows: list[tuple[str, str, int, float]]) -> None:
        """What is not done: kind, state, count, age of the oldest in seconds."""
        self._waiting.clear()
        self._oldest.clear()
        for kind, state, count, age in rows:
            self._waiting.labels(kind, state).set(count)
            self._oldest.labels(kind, state).set(age)

    def text(self) -> bytes:
        """The exposition."""
        return generate_latest(self.registry)
