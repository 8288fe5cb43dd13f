"""Reads the examples of a Markdown document, and compares their output with what the document shows.

A ```bash block is run unchanged. A ```json or ```text block after it shows its output:

- `…` matches anything, also as the last element of a list; ids and dates only need the same format;
- a text that begins with `ERROR` expects the command to fail, and is compared with stderr as well.

Without such a block nothing is compared, but every status that curl gets has to be below 400.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FENCE = re.compile(r"^```(?P<language>\w*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
VARYING_KEYS = {"user_id", "order_id", "order_date"}
"""Keys whose values depend on earlier examples or on the time."""
WILDCARD = "…"
ADDRESS = re.compile(r"\b(?P<host>localhost|127\.0\.0\.1):(?P<port>\d+)\b")


@dataclass(frozen=True)
class Example:
    """A block of commands, and the block that shows its output."""

    line: int
    script: str
    language: str = ""
    expected: str = ""

    @property
    def fails(self) -> bool:
        """Return whether the document says that the commands fail."""
        return self.language == "text" and self.expected.startswith("ERROR")

    def difference(self, output: str) -> str:
        """Describe where the output differs from the document; empty when it does not."""
        if self.language == "json":
            return _difference(json.loads(self.expected), json.loads(output), "")
        if self.language == "text" and not _matches(self.expected.strip(), output.strip()):
            return f"expected:\n{self.expected}\noutput:\n{output}"
        return ""

    def command(self, ports: Mapping[int, int], output: Path) -> str:
        """Return the block as a bash command that writes its output to a file.

        Args:
            ports: the real port for each port in the document.
            output: the file.
        """
        script = ADDRESS.sub(lambda match: f"{match['host']}:{ports[int(match['port'])]}", self.script)
        if self.fails:
            return f"if {{\n{script}}} >{output} 2>&1; then echo did not fail >&2; exit 1; fi\n"
        strict = "" if self.expected else " --fail-with-body"
        return f'curl() {{ command curl{strict} "$@"; }}\n{{\n{script}}} >{output}\n'


def read_examples(text: str) -> Iterator[Example]:
    """Yield the examples of a document, in order.

    Raises:
        ValueError: an output block has no commands before it.
    """
    pending: Example | None = None
    for block in FENCE.finditer(text):
        language, line = block["language"], text.count("\n", 0, block.start()) + 1
        if language in {"json", "text"}:
            if pending is None:
                message = f"line {line}: output without commands before it"
                raise ValueError(message)
            yield Example(pending.line, pending.script, language, block["text"])
            pending = None
            continue
        if pending is not None:
            yield pending
        pending = Example(line, block["text"]) if language == "bash" else None
    if pending is not None:
        yield pending


def _matches(expected: str, output: str) -> bool:
    pattern = ".*".join(re.escape(part) for part in expected.split(WILDCARD))
    return re.fullmatch(pattern, output, re.DOTALL) is not None


def _format(value: object) -> str:
    text = value if isinstance(value, str) else type(value).__name__
    return re.sub("[0-9]", "0", re.sub("[A-Za-z]", "a", text))


def _difference(expected: Any, actual: Any, where: str) -> str:
    if isinstance(expected, dict) and isinstance(actual, dict):
        return _difference_in_keys(expected, actual, where)
    if isinstance(expected, list) and isinstance(actual, list):
        return _difference_in_elements(expected, actual, where)
    if isinstance(expected, str) and isinstance(actual, str) and _matches(expected, actual):
        return ""
    return (
        ""
        if type(expected) is type(actual) and expected == actual
        else f"{where or 'the value'} is {actual!r}, not {expected!r}"
    )


def _difference_in_keys(expected: dict[str, Any], actual: dict[str, Any], where: str) -> str:
    if expected.keys() != actual.keys():
        return f"{where or 'the value'} has the keys {sorted(actual)}, not {sorted(expected)}"
    for key, value in expected.items():
        if key in VARYING_KEYS and _format(value) == _format(actual[key]):
            continue
        if difference := _difference(value, actual[key], f"{where}.{key}"):
            return difference
    return ""


def _difference_in_elements(expected: Sequence[Any], actual: Sequence[Any], where: str) -> str:
    if expected and expected[-1] == WILDCARD:
        expected, actual = expected[:-1], actual[: len(expected) - 1]
    if len(expected) != len(actual):
        return f"{where or 'the value'} has {len(actual)} elements, not {len(expected)}"
    pairs = enumerate(zip(expected, actual, strict=True))
    return next(filter(None, (_difference(a, b, f"{where}[{index}]") for index, (a, b) in pairs)), "")
