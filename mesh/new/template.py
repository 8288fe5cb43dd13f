"""Reads the templates of a product.

The folder contains `template.toml` and a folder `files/`, whose files end in `.tmpl`. `$name` in a file and `{name}`
in a path are placeholders: `$service`, `$Service`, `$SERVICE`, the same for `resource` and `resources`, and each number
that `template.toml` defines.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from string import Template as Text
from typing import Any

from mesh.new.errors import NewServiceError

PATH_PLACEHOLDER = re.compile(r"{(\w+)}")
SUFFIX = ".tmpl"


@dataclass(frozen=True)
class Number:
    """The next free number of a kind, such as a port.

    Args:
        files: glob pattern of the files that contain the numbers in use.
        pattern: regular expression, whose first group is a number in use.
        width: digits of the number; shorter ones get leading zeros.
    """

    files: str
    pattern: str
    width: int = 0


@dataclass(frozen=True)
class Claim:
    """A text that no file may contain yet, such as the name of the new table.

    Args:
        files: glob pattern of the files.
        text: the text, with placeholders.
    """

    files: str
    text: str


@dataclass(frozen=True)
class Insertion:
    """A text to insert into a file of the product.

    Args:
        file: path of the file.
        text: the text, with placeholders.
        after: regular expression; the text follows its last match.
        before: regular expression; the text precedes its last match.
        every: whether the text goes to every match, not only to the last one.
    """

    file: str
    text: str
    after: str = ""
    before: str = ""
    every: bool = False


@dataclass(frozen=True)
class Command:
    """A generator to run afterwards, in the folder of the product.

    Args:
        run: the command; `python` is the running interpreter, and `{files}` means all new Python files.
        output: the file for its output.
        hint: what to do when the program is missing.
    """

    run: tuple[str, ...]
    output: str = ""
    hint: str = ""


@dataclass(frozen=True)
class Template:
    """The templates of a product.

    Args:
        files: the texts of the files to create by their paths, both with placeholders.
        reserved: names that no service can have.
        ignore: names and patterns of files and folders that the generators do not need.
        links: folders that the generators need but that are too large to copy, with what to do when one is missing.
        python_path: folders from which the generators import.
        numbers: the next free numbers by placeholder; `last_<placeholder>` is the largest number in use.
        claims: texts that no file may contain yet.
        insertions: texts to insert into existing files.
        commands: the generators, in their order.
        next_steps: what to print afterwards.
    """

    files: Mapping[str, str]
    reserved: frozenset[str]
    ignore: tuple[str, ...]
    links: Mapping[str, str]
    python_path: tuple[str, ...]
    numbers: Mapping[str, Number]
    claims: tuple[Claim, ...]
    insertions: tuple[Insertion, ...]
    commands: tuple[Command, ...]
    next_steps: str = field(repr=False)

    def values(self, root: Path, names: Mapping[str, str]) -> dict[str, str]:
        """Return the names and the numbers by placeholder."""
        values = dict(names)
        for name, number in self.numbers.items():
            used = list(_numbers_in_use(root, number)) or [0]
            values |= {name: f"{max(used) + 1:0{number.width}}", f"last_{name}": f"{max(used):0{number.width}}"}
        return values

    def render_files(self, values: Mapping[str, str]) -> dict[str, str]:
        """Return the texts of the files to create by their paths."""
        return {
            PATH_PLACEHOLDER.sub(lambda match: values[match[1]], path): Text(text).substitute(values)
            for path, text in self.files.items()
        }


def read_template(folder: Path) -> Template:
    """Read the templates in a folder.

    Raises:
        NewServiceError: the folder has no `template.toml`.
    """
    try:
        data: dict[str, Any] = tomllib.loads((folder / "template.toml").read_text("utf-8"))
    except FileNotFoundError:
        message = f"{folder / 'template.toml'} does not exist: run this command in the folder of the product."
        raise NewServiceError(message) from None
    files = folder / "files"
    return Template(
        files={
            str(file.relative_to(files)).removesuffix(SUFFIX): file.read_text("utf-8")
            for file in sorted(files.rglob(f"*{SUFFIX}"))
        },
        reserved=frozenset(data["reserved"]),
        ignore=tuple(data["ignore"]),
        links=data["links"],
        python_path=tuple(data["python_path"]),
        numbers={name: Number(**number) for name, number in data["numbers"].items()},
        claims=tuple(Claim(**claim) for claim in data["claims"]),
        insertions=tuple(Insertion(**insertion) for insertion in data["insertions"]),
        commands=tuple(Command(**{**command, "run": tuple(command["run"])}) for command in data["commands"]),
        next_steps=data["next_steps"],
    )


def _numbers_in_use(root: Path, number: Number) -> Iterator[int]:
    pattern = re.compile(number.pattern, re.MULTILINE)
    for file in root.glob(number.files):
        yield from map(int, pattern.findall(file.read_text("utf-8")))
