"""What the doctor found, how it collects it, and how it is shown."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Literal, TypeVar

from bot.errors import ProviderError, Reason

if TYPE_CHECKING:
    from collections.abc import Awaitable, Iterable, Mapping, Sequence

T = TypeVar("T")
State = Literal["ok", "warn", "fail", "skip"]
MARKS: Mapping[State, str] = {"ok": "✔", "warn": "!", "fail": "✖", "skip": "-"}
#: So many names in one finding.
SHOWN = 5
NETWORK = "Look at the machine's network (proxy, DNS, firewall) and at the vendor's status page."


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that was looked at; ``mend`` names the click or the setting."""

    area: str
    name: str
    state: State
    text: str
    mend: str = ""


class Report:
    """The findings of one area while they are collected."""

    def __init__(self, area: str) -> None:
        """Start without findings."""
        self.area = area
        self.findings: list[Finding] = []

    def _add(self, state: State, name: str, text: str, mend: str) -> None:
        found = Finding(area=self.area, name=name, state=state, text=text, mend=mend)
        self.findings.append(found)

    def ok(self, name: str, text: str) -> None:
        """As it should be."""
        self._add("ok", name, text, "")

    def warn(self, name: str, text: str, mend: str) -> None:
        """Works, but not as meant."""
        self._add("warn", name, text, mend)

    def fail(self, name: str, text: str, mend: str) -> None:
        """Does not work."""
        self._add("fail", name, text, mend)

    def skip(self, name: str, text: str, mend: str = "") -> None:
        """Switched off, or not to be found out from here."""
        self._add("skip", name, text, mend)

    async def ask(self, name: str, call: Awaitable[T], mend: Mapping[Reason, str]) -> T | None:
        """The vendor's answer; None after reporting why there is none."""
        try:
            return await call
        except ProviderError as error:
            self.refused(name, error, mend)
            return None

    def refused(self, name: str, error: ProviderError, mend: Mapping[Reason, str]) -> None:
        """Report a vendor's refusal with the mend for its reason."""
        what = error.detail or error.reason.value.replace("_", " ")
        text = f"{what} ({error.code})" if error.code and error.code not in what else what
        if error.reason is Reason.RATE_LIMITED:
            self.warn(name, f"not looked at: {text}.", "Run the doctor again in a minute.")
        else:
            self.fail(name, f"{text}.", mend.get(error.reason, NETWORK))


def listed(names: Iterable[str]) -> str:
    """The first of them, and how many more there are."""
    every = list(names)
    more = f" and {len(every) - SHOWN} more" if len(every) > SHOWN else ""
    return f"{', '.join(every[:SHOWN])}{more}"


def render(findings: Sequence[Finding]) -> str:
    """For a terminal, or a code block in Slack: areas, one line per finding, its mend below."""
    lines: list[str] = []
    for area, group in groupby(findings, lambda finding: finding.area):
        lines.append(area)
        for finding in group:
            lines.append(f"  {MARKS[finding.state]} {finding.name}: {finding.text}")
            if finding.mend:
                lines.append(f"      {finding.mend}")
        lines.append("")
    return "\n".join([*lines, _summary(findings)])


def exit_code(findings: Sequence[Finding]) -> int:
    """1 when anything fails: warnings are not worth stopping an installation for."""
    return int(any(finding.state == "fail" for finding in findings))


def _summary(findings: Sequence[Finding]) -> str:
    failed = sum(finding.state == "fail" for finding in findings)
    warned = sum(finding.state == "warn" for finding in findings)
    problems = f"{failed} problem{'' if failed == 1 else 's'}"
    warnings = f"{warned} warning{'' if warned == 1 else 's'}"
    return f"{problems}, {warnings}." if failed or warned else "Everything is as it should be."
