"""Structured logs with a correlation id per incident and without secrets."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import structlog

if TYPE_CHECKING:
    from collections.abc import MutableMapping, Sequence

#: Shapes of tokens, whatever they are called: Slack, PagerDuty, GitHub, bearer values, URLs with credentials.
_TOKENS = re.compile(
    r"xox[a-z]-[\w%-]+|xapp-[\w-]+|gh[oprsu]_\w+|github_pat_\w+|pd[a-z]{1,2}\+[\w-]+"
    r"|(?<=token=)[\w+/=%.-]{8,}|(?<=ticket=)[\w-]+|(?i:(?<=bearer )|(?<=basic ))[^\s\"',}]+|(?<=://)[^/\s:@]+:[^/\s@]+(?=@)"
    r"|hooks\.slack\.com/\S+|(?<=/response/)\S+|(?<=/pages/)[\w-]{20,}"
)


class Redactor:
    """Replaces everything that looks like a secret, and the very secrets of this installation."""

    def __init__(self, secrets: Sequence[str]) -> None:
        """``secrets``: the values that must never appear anywhere."""
        self._known = [s for s in secrets if len(s) >= 6]  # noqa: PLR2004 - shorter ones would eat ordinary words

    def text(self, text: str) -> str:
        """The text without secrets."""
        for secret in self._known:
            text = text.replace(secret, "[redacted]")
        return _TOKENS.sub("[redacted]", text)

    def __call__(
        self, _logger: object, _name: str, event: MutableMapping[str, Any]
    ) -> MutableMapping[str, Any]:
        """As a structlog processor: every value that is text or holds some, exceptions included."""
        for key, value in event.items():
            event[key] = self.clean(value)
        return event

    def clean(self, value: Any) -> Any:
        """The value without secrets: texts, and whatever shows as text; numbers stay as they are."""
        if isinstance(value, str):
            return self.text(value)
        if value is None or isinstance(value, bool | int | float | logging.LogRecord):
            return value
        if isinstance(value, Mapping):
            return {self.clean(k): self.clean(v) for k, v in value.items()}
        if isinstance(value, list | tuple | set | frozenset):
            return [self.clean(v) for v in value]
        if isinstance(value, bytes | bytearray):
            return self.text(bytes(value).decode("utf-8", "replace"))
        return self.text(repr(value))


def configure(level: str, fmt: str, secrets: Sequence[str]) -> Redactor:
    """Set up structlog and the standard library's logging alike; returns the redactor for other uses."""
    redactor = Redactor(secrets)
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        redactor,
    ]
    renderer: Any = (
        structlog.processors.JSONRenderer()
        if fmt == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    number = logging.getLevelNamesMapping()[level.upper()]
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *shared],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(max(number, logging.WARNING))
    return redactor
