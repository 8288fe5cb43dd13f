"""An audit says what it found, and never calls silence a clean result."""

import sys
from pathlib import Path

import pytest

from launcher.audit import ROOT, Audit, audits, main

pytestmark = pytest.mark.integration

NPM_FOUND = '{"vulnerabilities": {"left-pad": {"severity": "high"}}}'
NPM_ERROR = '{"message": "getaddrinfo ENOTFOUND", "error": {"summary": "audit endpoint returned an error"}}'


def audit(folder: Path, output: str, status: int) -> Audit:
    """A tool that says that and ends so."""
    script = f"print({output!r}); raise SystemExit({status})"
    return Audit("Things", (sys.executable, "-c", script), folder)


@pytest.mark.parametrize(
    ("output", "status", "outcome", "sentence"),
    [
        ("fine", 0, 0, "Things: no known vulnerability."),
        ("GHSA-1", 1, 1, "Things: known vulnerabilities, see above."),
        (NPM_FOUND, 1, 1, "Things: known vulnerabilities, see above."),
        (NPM_ERROR, 1, 3, "Things: the advisory service could not be asked."),
        ("dns error", 2, 3, "Things: the advisory service could not be asked."),
    ],
)
def test_an_audit_ends_as_its_tool_does(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], output: str, status: int, outcome: int, sentence: str
) -> None:
    """Found and not asked are different ends, though npm has one status for both."""
    assert main([audit(tmp_path, output, status)]) == outcome
    assert capsys.readouterr().out.splitlines()[-1] == sentence


def test_a_tool_that_is_not_there_is_said_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It is no clean result."""
    assert main([Audit("Things", ("no-such-tool",), tmp_path)]) == 3
    assert capsys.readouterr().out == "Things: no-such-tool is not installed.\n"


def test_a_finding_counts_more_than_silence(tmp_path: Path) -> None:
    """Whoever reads the status only must not miss it."""
    assert main([audit(tmp_path, "", 2), audit(tmp_path, "GHSA-1", 1), audit(tmp_path, "", 0)]) == 1


@pytest.mark.unit
def test_every_lock_is_audited() -> None:
    """Each lock file of the repository has its audit."""
    locks = {ROOT / "uv.lock", *(ROOT / folder / "package-lock.json" for folder in ("frontend", "tests/tools"))}
    assert all(lock.is_file() for lock in locks)
    assert {each.folder for each in audits()} == {lock.parent for lock in locks}
