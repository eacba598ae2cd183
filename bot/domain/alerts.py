"""What an alert is, whoever sent it: one kind of value, made from what a mapping yields. Pure."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

#: What a mapping may say about one alert.
FIELDS = (
    "external_id",
    "title",
    "description",
    "severity",
    "status",
    "source",
    "started_at",
    "ended_at",
    "updated_at",
    "labels",
    "url",
)
#: What it must say.
NEEDED = ("external_id", "title", "status")

TITLE_LIMIT = 300
DESCRIPTION_LIMIT = 3000
ID_LIMIT = 200
URL_LIMIT = 1000
LABELS, LABEL_LIMIT = 60, 300


class AlertStatus(StrEnum):
    """Where an alert stands; all but ``resolved`` are open."""

    FIRING = "firing"
    NO_DATA = "no_data"  # its rule could not be judged: neither firing nor over
    ACKNOWLEDGED = "acknowledged"  # at its sender
    RESOLVED = "resolved"


#: Worst first.
SEVERITIES = ("critical", "high", "warning", "low", "info")

_STATUS = {
    AlertStatus.FIRING: "firing alerting alert open opened active activated triggered problem warn critical",
    AlertStatus.NO_DATA: "no_data nodata unknown",
    AlertStatus.ACKNOWLEDGED: "acknowledged acked ack suppressed",
    AlertStatus.RESOLVED: "resolved ok closed close recovered inactive normal success",
}
_SEVERITY = {
    "critical": "critical crit fatal page emergency disaster p1 sev1 s1 1",
    "high": "high error err major p2 sev2 s2 2",
    "warning": "warning warn medium moderate average minor p3 sev3 s3 3",
    "low": "low notice p4 sev4 s4 4",
    "info": "info information informational debug none p5 sev5 s5 5",
}
_STATUSES = {word: status for status, words in _STATUS.items() for word in words.split()}
_WORDS = {word: severity for severity, words in _SEVERITY.items() for word in words.split()}

_NUMBER = re.compile(r"-?\d{1,20}(?:\.\d+)?")
_ISO = re.compile(
    r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d)?)(?:[.,](\d+))?\s*(Z|UTC|[+-]\d\d:?\d\d)?",
    re.IGNORECASE,
)
#: What vendors write where there is no time: year 1, 1970, -1.
_FIRST_TIME = datetime(1971, 1, 1, tzinfo=UTC)
#: A number is in seconds, milliseconds, microseconds or nanoseconds: the first that is no time of this age.
_TOO_MANY_SECONDS = 1e11


@dataclass(frozen=True, kw_only=True)
class Alert:
    """One alert as its sender told it in one delivery.

    ``source`` and ``external_id`` are its identity. Times are aware UTC and None where the sender did not say;
    ``updated_at`` is the sender's time of this very news, which puts deliveries in order.
    """

    source: str
    external_id: str
    title: str
    status: AlertStatus
    description: str = ""
    severity: str | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    updated_at: datetime | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    url: str | None = None
    payload: Any = field(default=None, repr=False, compare=False)

    @property
    def is_open(self) -> bool:
        """Whether it is not over."""
        return self.status is not AlertStatus.RESOLVED

    @property
    def service(self) -> str | None:
        """The service it names, if any."""
        return self.labels.get("service") or None

    def as_json(self) -> dict[str, Any]:
        """What jq sees of it: grouping and routing."""
        return {
            "source": self.source,
            "external_id": self.external_id,
            "title": self.title,
            "description": self.description,
            "severity": self.severity,
            "status": self.status.value,
            "started_at": _iso(self.started_at),
            "ended_at": _iso(self.ended_at),
            "labels": dict(self.labels),
            "url": self.url,
        }


@dataclass(frozen=True, kw_only=True)
class Failure:
    """A field that could not be mapped: which alert of the delivery (from 1; 0: all of it), which field, why."""

    item: int
    field: str
    error: str

    def __str__(self) -> str:
        """``alert 2, status: ...``."""
        return f"{f'alert {self.item}, ' if self.item else ''}{self.field}: {self.error}"


@dataclass(frozen=True, kw_only=True)
class Mapped:
    """What one delivery yielded: its alerts, what failed, and what is odd but did no harm.

    ``ignored`` says why a delivery that is understood holds no alert.
    """

    alerts: tuple[Alert, ...] = ()
    failures: tuple[Failure, ...] = ()
    odd: tuple[Failure, ...] = ()
    ignored: str = ""

    @property
    def reason(self) -> str:
        """Everything that is to be said about it, on one line."""
        return "; ".join(str(each) for each in (*self.failures, *self.odd)) or self.ignored


class Unusable(ValueError):
    """A value that cannot be what its field needs; ``field`` names it."""

    def __init__(self, field: str, text: str) -> None:
        """Say what is wrong with it."""
        super().__init__(text)
        self.field = field


def normalized(
    values: Mapping[str, Any], *, source: str, payload: Any = None, item: int = 1
) -> tuple[Alert, tuple[Failure, ...]]:
    """The alert that a mapping's values describe, and what is odd about it.

    Raises ``Unusable`` when an identity, title or status is missing or cannot be understood; everything else that
    is odd is left out and told.
    """
    odd: list[Failure] = []
    times: dict[str, datetime | None] = {}
    for name in ("started_at", "ended_at", "updated_at"):
        try:
            times[name] = moment(values.get(name))
        except ValueError as error:
            times[name] = None
            odd.append(Failure(item=item, field=name, error=f"{error}; it was left out"))
    status = _status(values.get("status"))
    alert = Alert(
        source=_text(values.get("source"), 80) or source,
        external_id=_identity(values.get("external_id")),
        title=_needed("title", _line(values.get("title"), TITLE_LIMIT)),
        description=_text(values.get("description"), DESCRIPTION_LIMIT),
        severity=severity_of(values.get("severity")),
        status=status,
        started_at=times["started_at"],
        ended_at=times["ended_at"] if status is AlertStatus.RESOLVED else None,
        updated_at=times["updated_at"],
        labels=_labels(values.get("labels")),
        url=_url(values.get("url")),
        payload=payload,
    )
    return alert, tuple(odd)


def severity_of(value: Any) -> str | None:
    """One of ``SEVERITIES`` for whatever word a sender uses; a word nobody knows stays as it is."""
    word = _line(value, 40).casefold()
    return _WORDS.get(word, word) or None


def worst(severities: Sequence[str | None]) -> str | None:
    """The worst of some severities; words nobody knows come after those that are known."""
    known = [each for each in SEVERITIES if each in severities]
    return known[0] if known else next((each for each in severities if each), None)


def moment(value: Any) -> datetime | None:
    """A time in any of the forms vendors use; None for their ways to say "none"; ValueError for anything else."""
    if value is None or isinstance(value, bool):
        return None
    text = str(value).strip()
    if not text or text.casefold() in {"null", "none"} or _unset(text):
        return None
    if _NUMBER.fullmatch(text):
        return _epoch(float(text))
    found = _ISO.fullmatch(text)
    if found is None:
        msg = f"{text[:60]!r} is no time"
        raise ValueError(msg)
    day, clock, fraction, zone = found.groups()
    clock = clock if clock.count(":") == 2 else f"{clock}:00"  # noqa: PLR2004 - hours, minutes, seconds
    offset = "+00:00" if zone is None or zone.upper() in {"Z", "UTC"} else zone
    offset = offset if ":" in offset else f"{offset[:3]}:{offset[3:]}"
    try:
        at = datetime.fromisoformat(f"{day}T{clock}.{(fraction or '0')[:6].ljust(6, '0')}{offset}")
        at = at.astimezone(UTC)
    except (ValueError, OverflowError):
        if day.startswith("0001"):
            return None
        msg = f"{text[:60]!r} is no time"
        raise ValueError(msg) from None
    return at if at >= _FIRST_TIME else None


def _epoch(number: float) -> datetime | None:
    for _ in range(3):
        if number > _TOO_MANY_SECONDS:
            number /= 1000
    if number > _TOO_MANY_SECONDS:
        msg = f"{number:.0f} is no time"
        raise ValueError(msg)
    at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=number) if number > 0 else None
    return at if at is not None and at >= _FIRST_TIME else None


def _status(value: Any) -> AlertStatus:
    word = _line(value, 40).casefold().replace(" ", "_").replace("-", "_")
    if word not in _STATUSES:
        known = ", ".join(AlertStatus)
        raise Unusable("status", f"is {value!r:.60}; it can be {known}" if word else "is empty")
    return _STATUSES[word]


def _identity(value: Any) -> str:
    text = _needed("external_id", _line(value, 100_000))
    if len(text) <= ID_LIMIT:
        return text
    return hashlib.sha256(text.encode()).hexdigest()


def _needed(name: str, text: str) -> str:
    if _unset(text) or not any(unicodedata.category(char)[0] not in "CZ" for char in text):
        raise Unusable(name, "is empty")
    return text


def _unset(text: str) -> bool:
    """A placeholder that its sender did not fill: ``$ALERT_PRIORITY``, ``{ProblemURL}``."""
    return bool(re.fullmatch(r"\$[A-Z][A-Z0-9_]*|\{[A-Za-z0-9]+\}", text))


def _plain(value: Any) -> str:
    """Whatever JSON gives as text, without what no database takes; placeholders nobody filled are nothing."""
    if value is None or isinstance(value, dict):
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return ", ".join(part for part in (_plain(each) for each in value[:20]) if part)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = str(value).replace("\x00", "").encode("utf-8", "replace").decode().strip()
    return "" if _unset(text) else text


def _text(value: Any, limit: int) -> str:
    return _plain(value)[:limit]


def _line(value: Any, limit: int) -> str:
    return " ".join(_plain(value).split())[:limit]


def _url(value: Any) -> str | None:
    text = _line(value, URL_LIMIT + 1)
    return text if re.match(r"https?://\S+$", text) and len(text) <= URL_LIMIT else None


def _labels(value: Any) -> dict[str, str]:
    """Flat and short; values that are no text become text."""
    if not isinstance(value, dict):
        return {}
    pairs = ((_line(name, 100), _line(each, LABEL_LIMIT)) for name, each in value.items())
    return dict([pair for pair in pairs if all(pair)][:LABELS])


def _iso(at: datetime | None) -> str | None:
    return at.astimezone(UTC).isoformat() if at else None
