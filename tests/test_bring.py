"""What the tests need is found, brought, or asked for in one sentence; programs here only write their calls down."""

from pathlib import Path

import pytest

from tests.servers.bring import Machine, MissingError, Need, bring

pytestmark = pytest.mark.unit

SERVER = Need("a server", ("serverd", "server-install"), "server-package", image="server:1", override="TEST_SERVER")
BROWSER = Need("a browser", ("browse",), "browser-package")
APT = """
case "$*" in *install*) test -x {policy} && echo guarded >> {calls}
  for package in "$@"; do case $package in
    server-package) touch {bin}/serverd {bin}/server-install; chmod +x {bin}/serverd {bin}/server-install;;
    browser-package) touch {bin}/browse; chmod +x {bin}/browse;;
  esac; done;;
esac
"""


class Bench:
    """A machine in a folder.

    Args:
        folder: an empty one.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "bin"
        self.folder.mkdir()
        self.policy = folder / "policy-rc.d"
        self.lists = folder / "lock"
        self.calls = folder / "calls"
        self.calls.touch()

    def program(self, name: str, script: str = "") -> None:
        """Puts a program there that writes its arguments down."""
        text = script.format(policy=self.policy, calls=self.calls, bin=self.folder)
        file = self.folder / name
        file.write_text(f'#!/bin/sh\nPATH=/usr/bin:/bin\necho {name} "$@" >> {self.calls}\n{text}')
        file.chmod(0o755)

    def machine(self, *, root: bool = True) -> Machine:
        """The machine."""
        return Machine(str(self.folder), self.policy, self.lists, root)

    def called(self) -> str:
        """All calls, one a line."""
        return self.calls.read_text()


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """A machine without anything: not even what this one has."""
    monkeypatch.setattr("os.defpath", "")
    return Bench(tmp_path)


def test_what_is_here_is_left_alone(bench: Bench) -> None:
    """Programs that are installed, and a server that a setting names, need nothing."""
    bench.program("apt-get")
    bench.program("docker")
    bench.program("browse")
    assert bring({"TEST_SERVER": "mysql://x"}, bench.machine(), (SERVER, BROWSER)) == []
    for name in SERVER.programs:
        bench.program(name)
    assert bring({}, bench.machine(), (SERVER, BROWSER)) == []
    assert bench.called() == ""


def test_a_docker_engine_that_answers_brings_images(bench: Bench) -> None:
    """The image is pulled; what has none comes as a package."""
    bench.program("docker", 'test "$1 $2" != "image inspect"')
    bench.program("apt-get", APT)
    assert bring({}, bench.machine(), (SERVER, BROWSER)) == ["a server", "a browser"]
    assert "docker pull --quiet server:1" in bench.called()
    assert "server-package" not in bench.called()


def test_an_image_that_is_here_is_not_pulled(bench: Bench) -> None:
    """Without a network it does, too."""
    bench.program("docker")
    assert bring({}, bench.machine(root=False), (SERVER,)) == ["a server"]
    assert "pull" not in bench.called()


@pytest.mark.parametrize("fails", ["info", "pull"])
def test_without_an_engine_packages_are_installed(bench: Bench, fails: str) -> None:
    """A client alone, or an engine that cannot pull, is no help; no daemon is started, and the guard is gone after."""
    bench.program("docker", f'test "$1" != {fails} && test "$1 $2" != "image inspect"')
    bench.program("apt-get", APT)
    assert bring({}, bench.machine(), (SERVER, BROWSER)) == ["a server", "a browser"]
    called = bench.called()
    assert called.index("update") < called.index("install --yes --no-install-recommends server-package browser-package")
    assert "DPkg::Lock::Timeout=600" in called
    assert "guarded" in called
    assert not bench.policy.exists()


def test_a_guard_of_the_machines_own_stays(bench: Bench) -> None:
    """Somebody may have forbidden daemons for good."""
    bench.program("apt-get", APT)
    bench.policy.write_text("#!/bin/sh\nexit 101\n")
    bench.policy.chmod(0o755)
    bring({}, bench.machine(), (BROWSER,))
    assert bench.policy.exists()


@pytest.mark.parametrize("root", [True, False])
def test_what_cannot_be_brought_is_one_sentence(bench: Bench, root: bool) -> None:  # noqa: FBT001 - a parameter
    """Neither Docker nor root with apt, or a package that cannot be had: it says what to install, and nothing else."""
    bench.program("apt-get", "exit 100")
    with pytest.raises(MissingError) as missing:
        bring({}, bench.machine(root=root), (SERVER, BROWSER))
    assert str(missing.value) == (
        "The tests need a server and a browser: install server-package browser-package (on Debian and Ubuntu: apt-get"
        " install server-package browser-package), or start a Docker engine, or set TEST_SERVER to a server that may"
        " be used."
    )
    assert ("install" in bench.called()) == root
