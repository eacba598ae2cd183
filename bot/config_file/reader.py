"""Reads YAML with its line numbers: values are taken by questions that report what is wrong.

The tree of nodes is kept instead of plain dictionaries because a problem is worth nothing without
its line. ${NAME} is replaced inside single values, never in the text of the file, so a secret
cannot change the structure; problems show the value as it was written, never the secret.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from typing import TYPE_CHECKING

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, ScalarNode, SequenceNode

from bot.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from pathlib import Path

    from ruamel.yaml.nodes import Node

VARIABLE = re.compile(r"\$(\$?)\{([A-Za-z_][A-Za-z0-9_]*)\}")
NULL = "tag:yaml.org,2002:null"
BOOL = "tag:yaml.org,2002:bool"


@dataclass(frozen=True)
class Value:
    """One place in the file: a node, its line, and its name (``services.payments.repo``)."""

    node: Node
    path: str
    reader: Reader
    #: The line of its key; the value may begin further down.
    key_line: int = 0

    @property
    def line(self) -> int:
        """Its line, counted from 1."""
        return int(self.node.start_mark.line) + 1

    @property
    def raw(self) -> str:
        """The text as written, before ${NAME} was replaced: the only form that may be shown."""
        return str(self.node.value) if isinstance(self.node, ScalarNode) else self.kind

    @property
    def kind(self) -> str:
        """What it is, in words."""
        if isinstance(self.node, MappingNode):
            return "a mapping"
        return "a list" if isinstance(self.node, SequenceNode) else "a single value"

    @property
    def is_null(self) -> bool:
        """Whether nothing stands there (``key:``)."""
        return isinstance(self.node, ScalarNode) and self.node.tag == NULL

    @property
    def is_mapping(self) -> bool:
        """Whether it has keys."""
        return isinstance(self.node, MappingNode)

    @property
    def is_empty_list(self) -> bool:
        """Whether it is a list without items."""
        return isinstance(self.node, SequenceNode) and not self.node.value

    def problem(self, what: str, mend: str = "") -> None:
        """Report that this place is wrong."""
        self.reader.problem(self.line, f"{self.path} {what}" if self.path else what, mend)

    def choice(self, options: Collection[str]) -> str | None:
        """One of ``options``; anything else is reported with the nearest."""
        text = self.text()
        if text is None or text in options:
            return text
        self.problem(f"is {self.raw!r}, which it cannot be.", nearest(text, options))
        return None

    def text(self) -> str | None:
        """A single value as text, ${NAME} replaced; None after reporting that it is none."""
        if self.is_null or not isinstance(self.node, ScalarNode):
            self.problem(f"is {'empty' if self.is_null else self.kind}.", "Write a single value.")
            return None
        return self.reader.replaced(self)

    def boolean(self) -> bool | None:
        """``true`` or ``false``."""
        if isinstance(self.node, ScalarNode) and self.node.tag == BOOL:
            return self.raw.lower() == "true"
        self.problem(f"is {self.raw!r}.", "Write true or false.")
        return None

    def whole(self, low: int, high: int) -> int | None:
        """A whole number from ``low`` to ``high``."""
        text = self.text()
        if text is None:
            return None
        if text.isascii() and text.isdigit() and low <= int(text) <= high:
            return int(text)
        self.problem(f"is {self.raw!r}.", f"Write a whole number from {low} to {high}.")
        return None

    def items(self) -> list[Value]:
        """The items of a list."""
        if self.is_null:
            return []
        if not isinstance(self.node, SequenceNode):
            self.problem(f"is {self.kind}.", "Write a list: [a, b] or lines that start with '- '.")
            return []
        nodes = enumerate(self.node.value, start=1)
        return [Value(node, f"{self.path}[{n}]", self.reader) for n, node in nodes]

    def texts(self) -> tuple[str, ...]:
        """A list of texts."""
        return tuple(text for item in self.items() if (text := item.text()) is not None)

    def section(self, known: Collection[str] | None = None) -> Section:
        """Its keys; with ``known`` every other key is reported."""
        return Section(self, self.reader.pairs(self), known)


class Section:
    """The keys of one mapping."""

    def __init__(
        self, value: Value, pairs: Mapping[str, Value], known: Collection[str] | None
    ) -> None:
        """Report unknown keys at once."""
        self.value = value
        self.pairs = pairs
        where = f" in {value.path}" if value.path else ""
        for key, child in pairs.items():
            if known is not None and key not in known:
                what = f"unknown key {key!r}{where}."
                child.reader.problem(child.key_line, what, nearest(key, known))

    def get(self, key: str) -> Value | None:
        """The value under ``key``; ``key:`` with nothing behind it is the same as no key."""
        value = self.pairs.get(key)
        return None if value is None or value.is_null else value

    def need(self, key: str) -> Value | None:
        """The value under ``key``; its absence is reported."""
        value = self.get(key)
        if value is None and self.value.is_mapping:
            self.value.problem(f"has no {key!r}.", f"Add {key}.")
        return value

    def text(self, key: str) -> str | None:
        """Text, if it is there."""
        return value.text() if (value := self.get(key)) else None

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts, empty if it is not there."""
        return value.texts() if (value := self.get(key)) else ()


class Reader:
    """One file: its tree, the environment for ${NAME}, and the problems found so far."""

    def __init__(self, name: str, environ: Mapping[str, str]) -> None:
        """Start without problems; ``name`` is how the file is called in them."""
        self.name = name
        self.environ = environ
        self.found: list[tuple[int, Problem]] = []
        #: jq expressions, compiled together once everything is read.
        self.programs: list[tuple[Value, str]] = []

    @cached_property
    def problems(self) -> tuple[Problem, ...]:
        """All problems in the order of the file, each once."""
        return tuple(
            dict.fromkeys(problem for _, problem in sorted(self.found, key=lambda f: f[0]))
        )

    def problem(self, line: int, what: str, mend: str = "") -> None:
        """Report something wrong in ``line``."""
        self.found.append((line, Problem(f"{self.name}:{line}", what, mend)))

    def open(self, path: Path) -> Value | None:
        """The whole file, or None when there is nothing in it or nothing readable."""
        try:
            node = YAML(typ="safe", pure=True).compose(path.read_text(encoding="utf-8-sig"))
        except MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            line = int(mark.line) + 1 if mark else 1
            self.problem(line, f"is not YAML: {error.problem or error.context}.", "")
            return None
        except (OSError, UnicodeDecodeError, YAMLError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
            self.problem(1, f"cannot be read: {reason}.", "")
            return None
        return None if node is None else Value(node, "", self)

    def pairs(self, value: Value) -> dict[str, Value]:
        """The keys of a mapping; duplicates and keys that are no text are reported."""
        if value.is_null:
            return {}
        if not isinstance(value.node, MappingNode):
            value.problem(f"{'is' if value.path else 'the file is'} {value.kind}.", "Write keys.")
            return {}
        pairs: dict[str, Value] = {}
        for key, node in value.node.value:
            line = int(key.start_mark.line) + 1
            name = str(key.value) if isinstance(key, ScalarNode) else ""
            if not name:
                self.problem(line, f"a key of {value.path or 'the file'} is not text.", "")
            elif name in pairs:
                self.problem(line, f"{name!r} is there twice.", "Keep one of them.")
            else:
                pairs[name] = Value(node, f"{value.path}.{name}".lstrip("."), self, line)
        return pairs

    def replaced(self, value: Value) -> str:
        """The text with ${NAME} replaced from the environment; ``$${NAME}`` stays ``${NAME}``."""

        def one(match: re.Match[str]) -> str:
            doubled, name = match.groups()
            if doubled:
                return match[0][1:]
            if name not in self.environ:
                what = f"{value.path} uses ${{{name}}}, which is not set."
                self.problem(value.line, what, f"Set {name} in the environment or .env.")
            # Something must stand there, or the absence would be reported as a wrong value as well.
            return self.environ.get(name, "unset")

        return VARIABLE.sub(one, value.raw)


def nearest(word: str, options: Iterable[str]) -> str:
    """The mend of an unknown word: the nearest known one, else all of them."""
    known = sorted(options)
    folded = {option.casefold(): option for option in known}
    if near := get_close_matches(word.casefold(), folded, n=1, cutoff=0.6):
        return f"Did you mean {folded[near[0]]!r}?"
    return f"It can be: {', '.join(known)}." if known else "There is none."
