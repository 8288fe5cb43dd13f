"""Reads the examples of a Markdown document, and compares what they print with what the document shows.

A ```bash block is run as it stands. A ```json or ```text block after it shows what it prints:

- `…` stands for anything, also as the last element of a list, and ids and dates need the same form only;
- a text that begins with `ERROR` wants the command to fail, and is compared with stderr too.

Without such a block nothing is compared, but every status that curl gets has to be below 400.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FENCE = re.compile(r"^```(?P<language>\w*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
VARYING = {"user_id", "order_id", "order_date"}
"""Keys whose values depend on what happened before, or when."""
ANYTHING = "…"
PLACE = re.compile(r"\b(?P<host>localhost|127\.0\.0\.1):(?P<port>\d+)\b")


@dataclass(frozen=True)
class Example:
    """A block of commands, and the block that shows what they print."""

    line: int
    script: str
    language: str = ""
    shown: str = ""

    @property
    def fails(self) -> bool:
        """Whether the document says that it does."""
        return self.language == "text" and self.shown.startswith("ERROR")

    def differs(self, printed: str) -> str:
        """Where the output is not what the document shows; empty when it is."""
        if self.language == "json":
            return _differs(json.loads(self.shown), json.loads(printed), "")
        if self.language == "text" and not _matches(self.shown.strip(), printed.strip()):
            return f"expected:\n{self.shown}\nprinted:\n{printed}"
        return ""

    def command(self, ports: Mapping[int, int], output: Path) -> str:
        """The block for bash, its output in a file.

        Args:
            ports: the port that stands for each one in the document.
            output: the file.
        """
        script = PLACE.sub(lambda found: f"{found['host']}:{ports[int(found['port'])]}", self.script)
        if self.fails:
            return f"if {{\n{script}}} >{output} 2>&1; then echo did not fail >&2; exit 1; fi\n"
        strict = "" if self.shown else " --fail-with-body"
        return f'curl() {{ command curl{strict} "$@"; }}\n{{\n{script}}} >{output}\n'


def read_examples(text: str) -> Iterator[Example]:
    """The examples of a document, in order.

    Raises:
        ValueError: when an output block follows no commands.
    """
    waiting: Example | None = None
    for block in FENCE.finditer(text):
        language, line = block["language"], text.count("\n", 0, block.start()) + 1
        if language in {"json", "text"}:
            if waiting is None:
                message = f"line {line}: output without commands before it"
                raise ValueError(message)
            yield Example(waiting.line, waiting.script, language, block["text"])
            waiting = None
            continue
        if waiting is not None:
            yield waiting
        waiting = Example(line, block["text"]) if language == "bash" else None
    if waiting is not None:
        yield waiting


def _matches(shown: str, printed: str) -> bool:
    pattern = ".*".join(re.escape(part) for part in shown.split(ANYTHING))
    return re.fullmatch(pattern, printed, re.DOTALL) is not None


def _form(value: object) -> str:
    text = value if isinstance(value, str) else type(value).__name__
    return re.sub("[0-9]", "0", re.sub("[A-Za-z]", "a", text))


def _differs(shown: Any, printed: Any, where: str) -> str:
    if isinstance(shown, dict) and isinstance(printed, dict):
        return _differs_in_keys(shown, printed, where)
    if isinstance(shown, list) and isinstance(printed, list):
        return _differs_in_elements(shown, printed, where)
    if isinstance(shown, str) and isinstance(printed, str) and _matches(shown, printed):
        return ""
    return "" if type(shown) is type(printed) and shown == printed else f"{where or 'it'} is {printed!r}, not {shown!r}"


def _differs_in_keys(shown: dict[str, Any], printed: dict[str, Any], where: str) -> str:
    if shown.keys() != printed.keys():
        return f"{where or 'it'} has the keys {sorted(printed)}, not {sorted(shown)}"
    for key, value in shown.items():
        if key in VARYING and _form(value) == _form(printed[key]):
            continue
        if difference := _differs(value, printed[key], f"{where}.{key}"):
            return difference
    return ""


def _differs_in_elements(shown: Sequence[Any], printed: Sequence[Any], where: str) -> str:
    if shown and shown[-1] == ANYTHING:
        shown, printed = shown[:-1], printed[: len(shown) - 1]
    if len(shown) != len(printed):
        return f"{where or 'it'} has {len(printed)} elements, not {len(shown)}"
    pairs = enumerate(zip(shown, printed, strict=True))
    return next(filter(None, (_differs(a, b, f"{where}[{index}]") for index, (a, b) in pairs)), "")
