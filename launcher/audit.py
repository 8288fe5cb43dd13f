"""`make audit`: asks the advisory services of Python and npm about every package in the locks."""

import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FINDINGS = 1
"""What both tools end with when they have found something; uv ends with 2 when it could not ask."""


class Outcome(IntEnum):
    """How an audit ended; the worst one is the exit status."""

    CLEAN = 0
    FOUND = 1
    NOT_ASKED = 3


@dataclass(frozen=True)
class Audit:
    """One tool and the lock that it looks at.

    Args:
        name: what it looks at.
        command: the command line.
        folder: where it runs.
    """

    name: str
    command: Sequence[str]
    folder: Path

    def run(self) -> Outcome:
        """Runs it and says in one sentence how it ended; what it found stands above."""
        try:
            done = subprocess.run(self.command, cwd=self.folder, capture_output=True, text=True, check=False)  # noqa: S603 - our own
        except OSError:
            return self._say(Outcome.NOT_ASKED, f"{self.command[0]} is not installed")
        if done.returncode == 0:
            return self._say(Outcome.CLEAN, "no known vulnerability")
        if done.returncode == FINDINGS and not _is_error(done.stdout):
            print(done.stdout)
            return self._say(Outcome.FOUND, "known vulnerabilities, see above")
        return self._say(Outcome.NOT_ASKED, "the advisory service could not be asked")

    def _say(self, outcome: Outcome, sentence: str) -> Outcome:
        print(f"{self.name}: {sentence}.")
        return outcome


def audits(root: Path = ROOT) -> list[Audit]:
    """All of them."""
    own = root / ".tools" / "bin" / "uv"
    uv = str(own) if own.is_file() else shutil.which("uv") or "uv"
    npm = ("npm", "audit", "--json")
    return [
        Audit("Python packages (uv.lock)", (uv, "audit", "--frozen", "--quiet"), root),
        Audit("npm packages of the shop (frontend/package-lock.json)", npm, root / "frontend"),
        Audit("npm packages of the test tools (tests/tools/package-lock.json)", npm, root / "tests" / "tools"),
    ]


def main(asked: Sequence[Audit] | None = None) -> int:
    """The exit status: 0 when all is clean, 1 when something was found, 3 when a service could not be asked."""
    outcomes = [each.run() for each in (audits() if asked is None else asked)]
    return int(Outcome.FOUND if Outcome.FOUND in outcomes else max(outcomes))


def _is_error(output: str) -> bool:
    """Whether npm's JSON tells of an error instead of vulnerabilities: both end with the same status."""
    try:
        told = json.loads(output)
    except ValueError:
        return False
    return isinstance(told, dict) and ("error" in told or "vulnerabilities" not in told)


if __name__ == "__main__":
    sys.exit(main())
