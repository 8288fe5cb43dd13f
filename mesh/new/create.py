"""Creates the files of a service, runs the generators, and copies the results into the checkout."""

import filecmp
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from string import Template as Text

from mesh.new.errors import NewServiceError
from mesh.new.insertions import insert_all
from mesh.new.names import spellings
from mesh.new.template import Command, Template, read_template

TEMPLATES = Path("templates", "service")
PYTHON, FILES = "python", "{files}"
MAX_OUTPUT_LINES = 15


@dataclass(frozen=True)
class NewService:
    """What was written for a new service.

    Args:
        created: the paths of the new files.
        changed: the paths of the changed files.
        next_steps: what its author does next.
    """

    created: list[str]
    changed: list[str]
    next_steps: str


def create_service(root: Path, service: str, resource: str | None, environ: Mapping[str, str]) -> NewService:
    """Create a service.

    Args:
        root: the checkout.
        service: the name of the service, a plural such as `reviews`.
        resource: the name of one resource; by default the singular of the service's name.
        environ: the environment of the generators.

    Raises:
        NewServiceError: the service cannot be created; the checkout is unchanged.
    """
    template = read_template(root / TEMPLATES)
    values = template.values(root, spellings(service, resource, template.reserved))
    files = template.render_files(values)
    _check_absent(root, files)
    _check_unique(root, template, values)
    insertions = insert_all(root, template.insertions, values)
    programs = [_program(command) for command in template.commands]
    with _staged(root, template) as stage:
        for path, text in {**insertions, **files}.items():
            (stage / path).parent.mkdir(parents=True, exist_ok=True)
            (stage / path).write_text(text, "utf-8")
        generator_environ = {**environ, **_generator_settings(stage, template)}
        for command, program in zip(template.commands, programs, strict=True):
            _run(stage, command, [program, *_arguments(command, files)], generator_environ)
        paths = sorted(_differences(root, stage, template))
        changed = [path for path in paths if (root / path).exists()]
        for path in paths:
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(stage / path, root / path)
    created = [path for path in paths if path not in changed]
    return NewService(created, changed, Text(template.next_steps).substitute(values))


def _check_absent(root: Path, paths: Mapping[str, str]) -> None:
    for path in paths:
        if (root / path).exists():
            message = f"{path} exists already: choose another name, or delete it."
            raise NewServiceError(message)


def _check_unique(root: Path, template: Template, values: Mapping[str, str]) -> None:
    for claim in template.claims:
        text = Text(claim.text).substitute(values)
        for file in sorted(root.glob(claim.files)):
            if text in file.read_text("utf-8"):
                message = f"{file.relative_to(root)} contains {text} already: choose another name for the resource."
                raise NewServiceError(message)


def _program(command: Command) -> str:
    """Return the path of a generator's program."""
    name = command.run[0]
    path = sys.executable if name == PYTHON else shutil.which(name)
    if not path:
        message = f"{name} is not installed. {command.hint}"
        raise NewServiceError(message)
    return path


@contextmanager
def _staged(root: Path, template: Template) -> Iterator[Path]:
    """Yield a temporary copy of the checkout."""
    for link, hint in template.links.items():
        if not (root / link).exists():
            message = f"{link} does not exist. {hint}"
            raise NewServiceError(message)
    with tempfile.TemporaryDirectory(prefix="new-service-") as folder:
        stage = Path(folder) / root.resolve().name
        shutil.copytree(root, stage, symlinks=True, ignore=shutil.ignore_patterns(*template.ignore))
        for link in template.links:
            (stage / link).symlink_to((root / link).resolve())
        yield stage


def _generator_settings(stage: Path, template: Template) -> dict[str, str]:
    path = os.pathsep.join(str(stage / folder) for folder in template.python_path)
    return {"PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"}


def _arguments(command: Command, files: Mapping[str, str]) -> Iterator[str]:
    for argument in command.run[1:]:
        if argument == FILES:
            yield from (path for path in files if path.endswith(".py"))
        else:
            yield argument


def _run(stage: Path, command: Command, arguments: Sequence[str], environ: Mapping[str, str]) -> None:
    """Run a generator.

    Raises:
        NewServiceError: it fails.
    """
    result = subprocess.run(arguments, cwd=stage, env=environ, capture_output=True, text=True, check=False)  # noqa: S603 - a command of the product's own template
    if result.returncode:
        output = "\n".join((result.stdout + result.stderr).splitlines()[-MAX_OUTPUT_LINES:])
        message = f"`{' '.join(command.run)}` failed, and nothing was changed:\n{output}"
        raise NewServiceError(message)
    if command.output:
        (stage / command.output).write_text(result.stdout, "utf-8")


def _differences(root: Path, stage: Path, template: Template) -> Iterator[str]:
    """Yield the paths of all files that are new or differ in the staged copy."""
    ignored = shutil.ignore_patterns(*template.ignore)
    for folder, folders, files in os.walk(stage):
        skipped = ignored(folder, [*folders, *files])
        folders[:] = [name for name in folders if name not in skipped]
        for name in files:
            file = Path(folder) / name
            path = file.relative_to(stage)
            is_new = not (root / path).exists()
            if name not in skipped and (is_new or not filecmp.cmp(file, root / path, shallow=False)):
                yield path.as_posix()
