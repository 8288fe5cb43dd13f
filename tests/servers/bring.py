"""Brings the servers and the browser that the tests need onto a machine that does not have them."""

import fcntl
import os
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

FOLDERS = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
NO_DAEMONS = "#!/bin/sh\nexit 101\n"
"""What Debian's packages ask before they start a daemon of the whole system; 101 forbids it."""
LOCK_PATIENCE = 600
"""Seconds to wait for another apt or dpkg."""


class MissingError(Exception):
    """Something cannot be brought; the message is one sentence that says what to install."""


@dataclass(frozen=True)
class Need:
    """Something that the tests start.

    Args:
        name: what it is, for people.
        programs: what has to be there to start it by hand.
        package: Debian's package with these.
        image: the image of a container that does instead, if any.
        override: the setting that names a server which is running already, if any.
    """

    name: str
    programs: tuple[str, ...]
    package: str
    image: str = ""
    override: str = ""


@dataclass(frozen=True)
class Machine:
    """Where to look, and what one may do."""

    folders: str = FOLDERS
    policy: Path = Path("/usr/sbin/policy-rc.d")
    lists: Path = Path("/var/lib/apt/lists/lock")
    root: bool = field(default_factory=lambda: os.geteuid() == 0)

    def find(self, program: str) -> str | None:
        """Where a program is, also outside of the user's own path."""
        return shutil.which(program, path=os.pathsep.join((self.folders, os.defpath)))


NEEDS = (
    Need(
        "a MySQL or MariaDB server",
        ("mariadbd", "mariadb-install-db"),
        "mariadb-server",
        image="mysql:8.4",
        override="TEST_DB_URL",
    ),
    Need("RabbitMQ", ("rabbitmq-server", "epmd"), "rabbitmq-server", image="rabbitmq:4-management"),
    Need("Chromium", ("chromium",), "chromium"),
    Need("nginx", ("nginx",), "nginx"),
)


def bring(environ: Mapping[str, str], machine: Machine, needs: Sequence[Need] = NEEDS) -> list[str]:
    """Brings what is missing: images where a Docker engine answers, else packages; answers what that was.

    Raises:
        MissingError: when it is neither there nor can be brought.
    """
    missing = [need for need in needs if not _is_here(need, environ, machine)]
    pulled = [need for need in missing if need.image and _pulled(need.image, machine)]
    missing = [need for need in missing if need not in pulled]
    if missing and machine.root and machine.find("apt-get"):
        _install([need.package for need in missing], machine)
    still = [need for need in missing if not _has_programs(need, machine)]
    if still:
        raise MissingError(_sentence(still))
    return [need.name for need in (*pulled, *missing)]


def _is_here(need: Need, environ: Mapping[str, str], machine: Machine) -> bool:
    named = bool(need.override and environ.get(need.override, "").strip())
    return named or _has_programs(need, machine)


def _has_programs(need: Need, machine: Machine) -> bool:
    return all(machine.find(program) for program in need.programs)


def _pulled(image: str, machine: Machine) -> bool:
    docker = machine.find("docker")
    if docker is None or _run([docker, "info"], quiet=True):
        return False
    return not _run([docker, "image", "inspect", image], quiet=True) or not _run([docker, "pull", "--quiet", image])


def _install(packages: list[str], machine: Machine) -> None:
    options = [f"-oDPkg::Lock::Timeout={LOCK_PATIENCE}", "-qq"]
    environ = {"DEBIAN_FRONTEND": "noninteractive", "PATH": machine.folders}
    apt = str(machine.find("apt-get"))
    _wait_for(machine.lists)
    with _without_daemons(machine.policy):
        _run([apt, *options, "update"], environ=environ)
        _run([apt, *options, "install", "--yes", "--no-install-recommends", *packages], environ=environ)


def _wait_for(lock: Path) -> None:
    """Returns when no other apt reads the lists: unlike for dpkg's lock, apt has no option to wait for this one."""
    deadline = time.monotonic() + LOCK_PATIENCE
    with suppress(FileNotFoundError), lock.open("r+") as file:
        while time.monotonic() < deadline:
            try:
                fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                time.sleep(0.5)
            else:
                return


@contextmanager
def _without_daemons(policy: Path) -> Iterator[None]:
    """No package starts a server of the whole system: the tests start their own, and this machine may be anybody's."""
    if policy.exists():
        yield
        return
    policy.write_text(NO_DAEMONS)
    policy.chmod(0o755)
    try:
        yield
    finally:
        policy.unlink()


def _run(command: list[str], *, quiet: bool = False, environ: Mapping[str, str] | None = None) -> int:
    """The exit status; what it says stays visible unless it is a mere question."""
    output = subprocess.DEVNULL if quiet else None
    return subprocess.run(command, check=False, stdout=output, stderr=output, env=environ).returncode


def _sentence(needs: list[Need]) -> str:
    names = " and ".join(need.name for need in needs)
    packages = " ".join(need.package for need in needs)
    ways = [f"install {packages} (on Debian and Ubuntu: apt-get install {packages})"]
    if any(need.image for need in needs):
        ways.append("start a Docker engine")
    ways += [f"set {need.override} to a server that may be used" for need in needs if need.override]
    return f"The tests need {names}: {', or '.join(ways)}."
