"""The README's tables, made from the code. ``python -m tests.architecture.readme`` writes them; a test compares."""

from __future__ import annotations

import re
from pathlib import Path

from ruamel.yaml import YAML

from bot.settings import NAMES, load
from handlers.commands import COMMANDS
from tests.architecture.pictures import ALT, TOUR

TOP = Path(__file__).resolve().parents[2]
README = TOP / "README.md"


def commands() -> str:
    rows = [
        f"| `/incident {c.usage.replace('|', chr(92) + '|')}` | {c.description} |"
        for c in COMMANDS.values()
    ]
    return "\n".join(["| command | what it does |", "| --- | --- |", *rows])


def settings() -> str:
    shown = load({}, env_file=None, need_slack=False).redacted()
    rows = []
    for name, how in NAMES.items():
        default = shown.get(name, "unset")
        rows.append(
            f"| `{name}` | {how.replace('|', chr(92) + '|')} | {'' if default == 'unset' else f'`{default}`'} |"
        )
    return "\n".join(
        ["| setting | what it is, or where to get it | default |", "| --- | --- | --- |", *rows]
    )


def scopes() -> str:
    manifest = YAML(typ="rt").load((TOP / "manifest.yml").read_text(encoding="utf-8"))
    listed = manifest["oauth_config"]["scopes"]["bot"]
    rows = []
    for index, scope in enumerate(listed):
        comment = listed.ca.items.get(index)
        words = (
            comment[0].value.splitlines()[0].lstrip("# ").strip() if comment and comment[0] else ""
        )
        rows.append(f"| `{scope}` | {words or 'as above'} |")
    return "\n".join(["| scope | what for |", "| --- | --- |", *rows])


def tour() -> str:
    shown = [
        f"{words}\n\n![{ALT[name]}](bot/sandbox/screenshots/{name}.png)\n"
        for name, words in TOUR.items()
    ]
    return "\n".join(shown).rstrip()


TABLES = {"commands": commands, "settings": settings, "scopes": scopes, "tour": tour}


def between(text: str, name: str) -> str:
    found = re.search(rf"<!-- {name}:begin -->\n(.*?)<!-- {name}:end -->", text, re.DOTALL)
    if found is None:
        raise AssertionError(f"README.md has no marks for {name}")
    return found.group(1)


def write() -> None:
    text = README.read_text(encoding="utf-8")
    for name, make in TABLES.items():
        start, end = f"<!-- {name}:begin -->\n", f"<!-- {name}:end -->"
        text = text.replace(start + between(text, name) + end, f"{start}{make()}\n{end}")
    README.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write()
