"""An audit reports what its tool found, and does not take a failed request for a clean result."""

import sys
from pathlib import Path

import pytest

from launcher.audit import ROOT, Audit, audits, main

pytestmark = pytest.mark.integration

NPM_VULNERABLE = '{"vulnerabilities": {"left-pad": {"severity": "high"}}}'
NPM_ERROR = '{"message": "getaddrinfo ENOTFOUND", "error": {"summary": "audit endpoint returned an error"}}'


def audit(folder: Path, output: str, status: int) -> Audit:
    """Return an audit by a tool that prints this output and exits with this status."""
    script = f"print({output!r}); raise SystemExit({status})"
    return Audit("Things", (sys.executable, "-c", script), folder)


@pytest.mark.parametrize(
    ("output", "status", "outcome", "sentence"),
    [
        ("fine", 0, 0, "Things: no known vulnerability."),
        ("GHSA-1", 1, 1, "Things: known vulnerabilities, see above."),
        (NPM_VULNERABLE, 1, 1, "Things: known vulnerabilities, see above."),
        (NPM_ERROR, 1, 3, "Things: the advisory service could not be reached."),
        ("dns error", 2, 3, "Things: the advisory service could not be reached."),
    ],
)
def test_the_exit_status_is_the_outcome(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], output: str, status: int, outcome: int, sentence: str
) -> None:
    """Vulnerabilities and errors have different statuses, though npm exits with 1 for both."""
    assert main([audit(tmp_path, output, status)]) == outcome
    assert capsys.readouterr().out.splitlines()[-1] == sentence


def test_a_missing_tool_is_reported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It does not count as a clean result."""
    assert main([Audit("Things", ("no-such-tool",), tmp_path)]) == 3
    assert capsys.readouterr().out == "Things: no-such-tool is not installed.\n"


def test_vulnerabilities_win_over_a_failed_request(tmp_path: Path) -> None:
    """The exit status alone shows that there are some."""
    assert main([audit(tmp_path, "", 2), audit(tmp_path, "GHSA-1", 1), audit(tmp_path, "", 0)]) == 1


@pytest.mark.unit
def test_every_lock_is_audited() -> None:
    """Each lock file of the repository has an audit."""
    locks = {ROOT / "uv.lock", *(ROOT / folder / "package-lock.json" for folder in ("frontend", "tests/tools"))}
    assert all(lock.is_file() for lock in locks)
    assert {each.folder for each in audits()} == {lock.parent for lock in locks}
