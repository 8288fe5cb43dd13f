"""Installs the servers and the browser that the tests need and that the machine does not have."""

import fcntl
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

FOLDERS = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
FORBID_DAEMONS = "#!/bin/sh\nexit 101\n"
"""Debian's packages run this policy before they start a system service; status 101 forbids it."""
LOCK_TIMEOUT_SECONDS = 600
"""Time limit for another apt or dpkg to finish."""
LOCK_POLL_INTERVAL_SECONDS = 0.5


class MissingRequirementError(Exception):
    """Something is missing and cannot be installed; the message is one sentence that says what to install."""


@dataclass(frozen=True)
class Requirement:
    """Something that the tests start.

    Args:
        name: its name, for people.
        programs: the programs that have to be on the machine to start it without a container.
        package: Debian's package with these programs.
        image: a container image that replaces the programs, if any.
        override: the setting that names a running server, if any.
    """

    name: str
    programs: tuple[str, ...]
    package: str
    image: str = ""
    override: str = ""


def run_command(command: Sequence[str], *, quiet: bool = False, environ: Mapping[str, str] | None = None) -> int:
    """Run a command and return its exit status; its output is visible unless `quiet`."""
    output = subprocess.DEVNULL if quiet else None
    return subprocess.run(command, check=False, stdout=output, stderr=output, env=environ).returncode


@dataclass(frozen=True)
class Machine:
    """The machine to install on.

    Args:
        folders: the folders to search for programs, separated by colons.
        policy: the file that decides whether packages may start system services.
        lists: the lock of apt's package lists.
        root: whether packages may be installed.
        run: runs a command, as `run_command` does.
    """

    folders: str = FOLDERS
    policy: Path = Path("/usr/sbin/policy-rc.d")
    lists: Path = Path("/var/lib/apt/lists/lock")
    root: bool = field(default_factory=lambda: os.geteuid() == 0)
    run: Callable[..., int] = run_command

    def find(self, program: str) -> str | None:
        """Return the path of a program, also when it is not on the user's own PATH."""
        return shutil.which(program, path=os.pathsep.join((self.folders, os.defpath)))


REQUIREMENTS = (
    Requirement(
        "a MySQL or MariaDB server",
        ("mariadbd", "mariadb-install-db"),
        "mariadb-server",
        image="mysql:8.4",
        override="TEST_DB_URL",
    ),
    Requirement("RabbitMQ", ("rabbitmq-server", "epmd"), "rabbitmq-server", image="rabbitmq:4-management"),
    Requirement("Chromium", ("chromium",), "chromium"),
    Requirement("nginx", ("nginx",), "nginx"),
)


def provision(
    environ: Mapping[str, str], machine: Machine, requirements: Sequence[Requirement] = REQUIREMENTS
) -> list[str]:
    """Install what is missing: as images where a Docker engine responds, else as packages.

    Returns:
        The names of what was installed.

    Raises:
        MissingRequirementError: something is missing and cannot be installed.
    """
    missing = [each for each in requirements if not _is_available(each, environ, machine)]
    pulled = [each for each in missing if each.image and _pull(each.image, machine)]
    missing = [each for each in missing if each not in pulled]
    if missing and machine.root and machine.find("apt-get"):
        _install([each.package for each in missing], machine)
    still_missing = [each for each in missing if not _has_programs(each, machine)]
    if still_missing:
        raise MissingRequirementError(_describe(still_missing))
    return [each.name for each in (*pulled, *missing)]


def _is_available(requirement: Requirement, environ: Mapping[str, str], machine: Machine) -> bool:
    overridden = bool(requirement.override and environ.get(requirement.override, "").strip())
    return overridden or _has_programs(requirement, machine)


def _has_programs(requirement: Requirement, machine: Machine) -> bool:
    return all(machine.find(program) for program in requirement.programs)


def _pull(image: str, machine: Machine) -> bool:
    docker = machine.find("docker")
    if docker is None or machine.run([docker, "info"], quiet=True):
        return False
    is_local = not machine.run([docker, "image", "inspect", image], quiet=True)
    return is_local or not machine.run([docker, "pull", "--quiet", image])


def _install(packages: list[str], machine: Machine) -> None:
    options = [f"-oDPkg::Lock::Timeout={LOCK_TIMEOUT_SECONDS}", "-qq"]
    environ = {"DEBIAN_FRONTEND": "noninteractive", "PATH": machine.folders}
    apt = str(machine.find("apt-get"))
    _wait_for_lock(machine.lists)
    with _daemons_forbidden(machine.policy):
        machine.run([apt, *options, "update"], environ=environ)
        machine.run([apt, *options, "install", "--yes", "--no-install-recommends", *packages], environ=environ)


def _wait_for_lock(lock: Path) -> None:
    """Wait until no other apt reads the package lists: apt has an option for dpkg's lock, but none for this one."""
    deadline = time.monotonic() + LOCK_TIMEOUT_SECONDS
    with suppress(FileNotFoundError), lock.open("r+") as file:
        while time.monotonic() < deadline:
            try:
                fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                time.sleep(LOCK_POLL_INTERVAL_SECONDS)
            else:
                return


@contextmanager
def _daemons_forbidden(policy: Path) -> Iterator[None]:
    """Keep packages from starting system services: the tests start their own servers, and the machine may be shared."""
    if policy.exists():
        yield
        return
    policy.write_text(FORBID_DAEMONS)
    policy.chmod(0o755)
    try:
        yield
    finally:
        policy.unlink()


def _describe(missing: list[Requirement]) -> str:
    names = " and ".join(each.name for each in missing)
    packages = " ".join(each.package for each in missing)
    ways = [f"install {packages} (on Debian and Ubuntu: apt-get install {packages})"]
    if any(each.image for each in missing):
        ways.append("start a Docker engine")
    ways += [f"set {each.override} to a server that may be used" for each in missing if each.override]
    return f"The tests need {names}: {', or '.join(ways)}."
