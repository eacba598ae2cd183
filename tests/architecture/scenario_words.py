"""What the scenarios do, read from their sources: the words they type, press, fill in and act by.

Words inside an ``assert``, a comparison or a docstring do not count: they look, they do nothing.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

SCENARIOS = Path(__file__).parents[1] / "scenarios"
#: Stands for what an f-string puts in.
SLOT = "\0"


@dataclass
class Story:
    """One function of the scenarios (or what a module says outside of functions)."""

    where: str
    words: set[str] = field(default_factory=set)
    #: First words of calls by the called name: ``pagerduty`` -> {"trigger"}, ``act`` -> {"join"}.
    acts: set[tuple[str, str]] = field(default_factory=set)
    forms: list[frozenset[str]] = field(default_factory=list)  # labels that were filled in


class _Reader(ast.NodeVisitor):
    def __init__(self, name: str) -> None:
        self.stories = [Story(name)]
        self._name = name

    @property
    def _story(self) -> Story:
        return self.stories[-1]

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        outer = self.stories
        self.stories = [Story(f"{self._name}:{node.name}")]
        for decorator in node.decorator_list:
            self.visit(decorator)
        body = node.body[1:] if ast.get_docstring(node) is not None else node.body
        for statement in body:
            self.visit(statement)
        self.stories = [outer[0], *self.stories, *outer[1:]]
        self.stories.append(self.stories.pop(0))

    visit_FunctionDef = _function  # noqa: N815 - the name is ast's
    visit_AsyncFunctionDef = _function  # noqa: N815

    def visit_Assert(self, node: ast.Assert) -> None:
        """Looks: only calls inside count (``assert await type_in(...)``)."""
        for call in _calls(node):
            self.visit(call)

    def visit_Compare(self, node: ast.Compare) -> None:
        for call in _calls(node):
            self.visit(call)

    def visit_Constant(self, node: ast.Constant) -> None:
        if isinstance(node.value, str):
            self._story.words.add(node.value)

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        self._story.words.add(_text(node) or "")

    def visit_Call(self, node: ast.Call) -> None:
        called = (
            node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        )
        for argument in node.args:
            words = _text(argument)
            if words is not None:
                self._story.acts.add((called, words))
            if isinstance(argument, ast.Dict):
                keys = frozenset(k for k in map(_text, argument.keys) if k is not None)
                self._story.forms.append(keys)
        self.generic_visit(node)


def _calls(node: ast.AST) -> Iterator[ast.Call]:
    """The awaited calls inside: those do something."""
    for inner in ast.walk(node):
        if isinstance(inner, ast.Await) and isinstance(inner.value, ast.Call):
            yield inner.value


def _text(node: ast.AST | None) -> str | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        parts = [p.value if isinstance(p, ast.Constant) else SLOT for p in node.values]
        return "".join(str(part) for part in parts)
    return None


@cache
def stories() -> tuple[Story, ...]:
    """Every function of every scenario file."""
    found: list[Story] = []
    for path in sorted(SCENARIOS.rglob("*.py")):
        reader = _Reader(path.relative_to(SCENARIOS).as_posix())
        tree = ast.parse(path.read_text(encoding="utf-8"))
        body = tree.body[1:] if ast.get_docstring(tree) is not None else tree.body
        for statement in body:
            reader.visit(statement)
        found += reader.stories
    return tuple(found)


def all_words() -> set[str]:
    """Every word that does something."""
    return {word for story in stories() for word in story.words}
