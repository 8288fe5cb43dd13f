"""Runs the processes of a Procfile under one supervisor.

`python -m launcher.procfile FILE` runs those of any Procfile.
"""

import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from mesh import logs
from mesh.env import ConfigError, read_environment
from mesh.processes import Supervisor, program
from mesh.streams import OUTPUTS

GRACE_SECONDS = 12.0
"""Time that the processes get to end; the services give running calls 10 s."""


def parse_procfile(text: str) -> dict[str, str]:
    """Return the shell commands of a Procfile by the names of their processes."""
    lines = (line.partition(":") for line in text.splitlines() if line.strip() and not line.startswith("#"))
    return {name.strip(): command.strip() for name, _, command in lines}


def run_commands(
    commands: Mapping[str, str], environ: Mapping[str, str], on_started: Callable[[], None] = lambda: None
) -> int:
    """Run shell commands until a signal or until the first of them ends; return the exit status.

    They also end when the reader of the output does, as in `make run | head`.

    They write to the stdout and stderr of this process. To copy each line instead, with a prefix, costs 7 % of the CPU
    of a read; the field `service` of each log line names its process.

    Args:
        commands: the commands by name.
        environ: their environment.
        on_started: is called when all have been started.

    Raises:
        OSError: the system refuses another process.
    """
    children = {name: program(("/bin/sh", "-c", command), environ) for name, command in commands.items()}
    return Supervisor(children, grace_seconds=GRACE_SECONDS, outputs=OUTPUTS).run(on_started)


def main(arguments: list[str]) -> int:
    """Run the processes of the named Procfile; return 0 after a signal."""
    try:
        environ = read_environment()
        logs.configure("procfile", environ)
    except ConfigError as error:
        print(f"procfile: {error}", file=sys.stderr)
        return 2
    return run_commands(parse_procfile(Path(arguments[0]).read_text("utf-8")), environ)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
