"""`make audit`: checks every package in the lock files against the advisory services of Python and npm."""

import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VULNERABLE_STATUS = 1
"""Exit status of both tools for known vulnerabilities; uv exits with 2 when it could not reach the service."""


class Outcome(IntEnum):
    """The result of an audit; the value is the exit status of the program."""

    CLEAN = 0
    VULNERABLE = 1
    UNAVAILABLE = 3


@dataclass(frozen=True)
class Audit:
    """One audit tool and the lock file that it checks.

    Args:
        name: what it checks, for the report.
        command: the command line.
        folder: the folder of the lock file, in which the tool runs.
    """

    name: str
    command: Sequence[str]
    folder: Path

    def run(self) -> Outcome:
        """Run the tool and print a sentence about its outcome, below the vulnerabilities that it reported."""
        try:
            result = subprocess.run(self.command, cwd=self.folder, capture_output=True, text=True, check=False)  # noqa: S603 - our own
        except OSError:
            return self._report(Outcome.UNAVAILABLE, f"{self.command[0]} is not installed")
        if result.returncode == 0:
            return self._report(Outcome.CLEAN, "no known vulnerability")
        if result.returncode == VULNERABLE_STATUS and not _is_error(result.stdout):
            print(result.stdout)
            return self._report(Outcome.VULNERABLE, "known vulnerabilities, see above")
        return self._report(Outcome.UNAVAILABLE, "the advisory service could not be reached")

    def _report(self, outcome: Outcome, sentence: str) -> Outcome:
        print(f"{self.name}: {sentence}.")
        return outcome


def audits(root: Path = ROOT) -> list[Audit]:
    """Return an audit for each lock file."""
    installed = root / ".tools" / "bin" / "uv"
    uv = str(installed) if installed.is_file() else shutil.which("uv") or "uv"
    npm = ("npm", "audit", "--json")
    return [
        Audit("Python packages (uv.lock)", (uv, "audit", "--frozen", "--quiet"), root),
        Audit("npm packages of the app (frontend/package-lock.json)", npm, root / "frontend"),
        Audit("npm packages of the test tools (tests/tools/package-lock.json)", npm, root / "tests" / "tools"),
    ]


def main(selected: Sequence[Audit] | None = None) -> int:
    """Run all audits; return 0 when all are clean, 1 for vulnerabilities, 3 when a service could not be reached."""
    outcomes = [audit.run() for audit in (audits() if selected is None else selected)]
    return int(Outcome.VULNERABLE if Outcome.VULNERABLE in outcomes else max(outcomes))


def _is_error(output: str) -> bool:
    """Tell whether npm's JSON reports an error instead of vulnerabilities: its exit status is the same for both."""
    try:
        report = json.loads(output)
    except ValueError:
        return False
    return isinstance(report, dict) and ("error" in report or "vulnerabilities" not in report)


if __name__ == "__main__":
    sys.exit(main())
