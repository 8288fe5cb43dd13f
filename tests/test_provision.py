"""What the tests need is found, installed, or requested in one sentence. No command here really runs."""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from tests.servers.provision import Machine, MissingRequirementError, Requirement, provision, run_command

SERVER = Requirement(
    "a server", ("serverd", "server-install"), "server-package", image="server:1", override="TEST_SERVER"
)
BROWSER = Requirement("a browser", ("browse",), "browser-package")
PACKAGES = {"server-package": SERVER.programs, "browser-package": BROWSER.programs}


class FakeMachine:
    """A machine in a folder, whose apt-get and docker are simulated.

    Args:
        folder: an empty folder.
    """

    def __init__(self, folder: Path) -> None:
        self._programs = folder / "bin"
        self._programs.mkdir()
        self.policy = folder / "policy-rc.d"
        self.lists = folder / "lock"
        self.calls: list[str] = []
        self.failing: set[str] = set()
        """Beginnings of command lines that end with status 1."""
        self.guarded = False
        """Whether a package was installed while system services were forbidden."""

    def add_program(self, name: str) -> None:
        """Create an executable file."""
        (self._programs / name).touch(mode=0o755)

    def machine(self, *, root: bool = True) -> Machine:
        """Return the machine for `provision`."""
        return Machine(str(self._programs), self.policy, self.lists, root, self._run)

    def _run(self, command: Sequence[str], *, quiet: bool = False, environ: Mapping[str, str] | None = None) -> int:
        call = " ".join([Path(command[0]).name, *command[1:]])
        self.calls.append(call)
        if any(call.startswith(beginning) for beginning in self.failing):
            return 1
        if command[0].endswith("apt-get") and "install" in command:
            self.guarded = self.policy.exists()
            for package in command:
                for program in PACKAGES.get(package, ()):
                    self.add_program(program)
        return 0


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeMachine:
    """A machine without any program: not even what this one has."""
    monkeypatch.setattr("os.defpath", "")
    return FakeMachine(tmp_path)


@pytest.mark.unit
def test_what_is_installed_is_left_alone(fake: FakeMachine) -> None:
    """Installed programs, and a server that a setting names, need nothing."""
    fake.add_program("apt-get")
    fake.add_program("docker")
    fake.add_program("browse")
    assert provision({"TEST_SERVER": "mysql://x"}, fake.machine(), (SERVER, BROWSER)) == []
    for name in SERVER.programs:
        fake.add_program(name)
    assert provision({}, fake.machine(), (SERVER, BROWSER)) == []
    assert fake.calls == []


@pytest.mark.unit
def test_a_docker_engine_that_responds_pulls_images(fake: FakeMachine) -> None:
    """The image is pulled; what has no image is installed as a package."""
    fake.add_program("docker")
    fake.add_program("apt-get")
    fake.failing.add("docker image inspect")
    assert provision({}, fake.machine(), (SERVER, BROWSER)) == ["a server", "a browser"]
    assert "docker pull --quiet server:1" in fake.calls
    assert "server-package" not in " ".join(fake.calls)


@pytest.mark.unit
def test_an_image_that_is_present_is_not_pulled(fake: FakeMachine) -> None:
    """So the tests start without a network as well."""
    fake.add_program("docker")
    assert provision({}, fake.machine(root=False), (SERVER,)) == ["a server"]
    assert not [call for call in fake.calls if "pull" in call]


@pytest.mark.unit
@pytest.mark.parametrize("failing", ["docker info", "docker pull"])
def test_without_an_engine_packages_are_installed(fake: FakeMachine, failing: str) -> None:
    """A client without an engine, or an engine that cannot pull, does not help; no system service is started."""
    fake.add_program("docker")
    fake.add_program("apt-get")
    fake.failing |= {failing, "docker image inspect"}
    assert provision({}, fake.machine(), (SERVER, BROWSER)) == ["a server", "a browser"]
    update, install = (call for call in fake.calls if call.startswith("apt-get"))
    assert update.endswith("update")
    assert install.endswith("install --yes --no-install-recommends server-package browser-package")
    assert "DPkg::Lock::Timeout=600" in install
    assert fake.guarded
    assert not fake.policy.exists()


@pytest.mark.unit
def test_an_existing_policy_stays(fake: FakeMachine) -> None:
    """The owner of the machine may have forbidden system services permanently."""
    fake.add_program("apt-get")
    fake.policy.write_text("#!/bin/sh\nexit 101\n")
    fake.policy.chmod(0o755)
    provision({}, fake.machine(), (BROWSER,))
    assert fake.policy.exists()


@pytest.mark.unit
@pytest.mark.parametrize("root", [True, False])
def test_what_cannot_be_installed_is_one_sentence(fake: FakeMachine, root: bool) -> None:  # noqa: FBT001 - a parameter
    """Without Docker and without root, or when a package cannot be had, the message says what to install."""
    fake.add_program("apt-get")
    fake.failing.add("apt-get")
    with pytest.raises(MissingRequirementError) as missing:
        provision({}, fake.machine(root=root), (SERVER, BROWSER))
    assert str(missing.value) == (
        "The tests need a server and a browser: install server-package browser-package (on Debian and Ubuntu: apt-get"
        " install server-package browser-package), or start a Docker engine, or set TEST_SERVER to a server that may"
        " be used."
    )
    assert bool([call for call in fake.calls if "install" in call]) == root


@pytest.mark.integration
@pytest.mark.parametrize("status", [0, 3])
def test_a_command_returns_its_exit_status(status: int) -> None:
    """A real process runs in the given environment."""
    script = f"import os, sys; sys.exit({status} if os.environ['TEST_VALUE'] == 'x' else 9)"
    assert run_command([sys.executable, "-c", script], quiet=True, environ={"TEST_VALUE": "x"}) == status
