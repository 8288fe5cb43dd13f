"""The compose file and the images keep the promises that can be checked without an engine."""

import importlib.util
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.harness import DESCRIPTORS, ROOT
from tests.settings import LOGS, READERS, names_read

pytestmark = pytest.mark.unit

TEXT = (ROOT / "docker-compose.yml").read_text("utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
TLS: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.tls.yml").read_text("utf-8"))
PYTHON = [name for name, service in SERVICES.items() if service["image"].startswith("bookstore:")]
DOCKERFILES = [ROOT / "Dockerfile", ROOT / "frontend" / "Dockerfile"]
NOT_IN_CONTAINERS = {
    *("FRONTEND_HOST", "FRONTEND_PORT"),  # nginx has its own
    *("USERS_PORT", "BOOKS_PORT", "ORDERS_PORT", "PLACE_ORDER_PORT", "DISPLAY_ORDERS_PORT"),  # published elsewhere
    *("DB_TLS_CA", "MESH_TLS_DIR", "RABBIT_TLS_CA", "RABBIT_TLS_CERT", "RABBIT_TLS_KEY"),  # files, in a second file
    *("RABBIT_URL", "RABBIT_PORT", "RABBIT_VHOST", "RABBIT_TLS"),  # the broker is compose's own
}
VARIABLE = re.compile(r"\$\{(?=(?P<name>\w+)(?P<rest>[^}]*))")
LOOPBACK = "127.0.0.1:"
PUBLIC = "${PUBLISH_ADDRESS:-127.0.0.1}:"


def instructions(file: Path) -> list[tuple[str, str]]:
    """The lines of a Dockerfile as words and the rest, continued lines joined and comments left out."""
    lines = re.sub(r"\\\n", "", file.read_text("utf-8")).splitlines()
    return [(word, rest) for word, _, rest in (line.partition(" ") for line in lines) if word and word != "#"]


def with_versions(images: list[str]) -> list[str]:
    """Those that name a version; `latest` is none."""
    return [image for image in images if re.search(r":[\w.-]*\d", image) and not image.endswith(":latest")]


def test_the_parts_are_there() -> None:
    """The two servers, the one shot, the services, the worker, the gateway and the shop."""
    assert set(SERVICES) == {"db", "rabbitmq", "migrate", *DESCRIPTORS, "worker", "gateway", "frontend"}


@pytest.mark.parametrize("name", SERVICES)
def test_each_part_is_watched(name: str) -> None:
    """It has a health check and comes back when it ends, or it is the one shot, which others wait for."""
    service = SERVICES[name]
    if name == "migrate":
        assert service["restart"] == "no"
        waiting = {other for other in SERVICES if "migrate" in SERVICES[other].get("depends_on", {})}
        assert waiting == set(DESCRIPTORS)
    else:
        assert service["healthcheck"]["test"]
        assert service["restart"] == "unless-stopped"


@pytest.mark.parametrize("name", SERVICES)
def test_nobody_can_fill_the_machine(name: str) -> None:
    """Memory has a limit, and logs are rotated."""
    assert re.fullmatch(r"\d+[mg]", SERVICES[name]["mem_limit"])
    assert set(SERVICES[name]["logging"]["options"]) == {"max-size", "max-file"}


@pytest.mark.parametrize("name", SERVICES)
def test_no_part_can_gain_rights(name: str) -> None:
    """And our own images can write nothing but /tmp and have no capability at all."""
    service = SERVICES[name]
    assert "no-new-privileges:true" in service["security_opt"]
    if "build" in service or name in PYTHON:
        assert (service["read_only"], service["cap_drop"], service["tmpfs"]) == (True, ["ALL"], ["/tmp"])  # noqa: S108 - the container's own


def test_only_the_gateway_and_the_shop_can_be_opened_to_others() -> None:
    """Everything else is published on this machine only, if at all; and those two are until somebody says otherwise."""
    for name, service in SERVICES.items():
        allowed = PUBLIC if name in {"gateway", "frontend"} else LOOPBACK
        assert all(port.startswith(allowed) for port in service.get("ports", ())), name
    assert "ports" not in SERVICES["db"]


@pytest.mark.parametrize("name", [*DESCRIPTORS, "worker"])
def test_what_scales_asks_for_no_name_and_no_port(name: str) -> None:
    """A second one would find them taken; without a setting the engine picks a port."""
    assert "container_name" not in SERVICES[name]
    for port in SERVICES[name].get("ports", ()):
        assert re.fullmatch(r"127\.0\.0\.1:\$\{\w+_GRPC_PORT:-\}:\d+", port)


def test_callers_ask_for_all_addresses_of_a_service() -> None:
    """So that every replica gets its share: gRPC asks the name server again whenever a connection ends."""
    targets = {
        key: str(value)
        for service in SERVICES.values()
        for key, value in _environment(service)
        if key.endswith("_TARGET")
    }
    assert set(targets) == {f"{name.upper()}_TARGET" for name in DESCRIPTORS}
    assert all(target.startswith("dns:///") for target in targets.values())


@pytest.mark.parametrize("name", PYTHON)
def test_each_command_is_a_program_of_ours(name: str) -> None:
    """`python -m` finds it."""
    assert importlib.util.find_spec(f"{SERVICES[name]['command'][0]}.__main__")


@pytest.mark.parametrize("name", DESCRIPTORS)
def test_a_service_is_asked_by_its_own_name(name: str) -> None:
    """On the port on which it listens."""
    service = SERVICES[name]
    port = service["environment"][f"{name.upper()}_ADDRESS"].rpartition(":")[2]
    assert service["healthcheck"]["test"][3:] == [
        "mesh", "health", f"127.0.0.1:{port}", DESCRIPTORS[name].full_name, "--as", name
    ]  # fmt: skip
    assert service["ports"][0].endswith(f":{port}")


def test_everybody_in_the_mesh_gets_certificates() -> None:
    """All that have the mesh's key, and nobody else."""
    members = {name for name, service in SERVICES.items() if "MESH_SECRET" in service.get("environment", {})}
    assert set(TLS["services"]) == members


@pytest.mark.parametrize("part", READERS)
def test_each_part_gets_what_it_reads_and_no_more(part: str) -> None:
    """No secret reaches a part that has no use for it, and no setting in `.env` is without effect."""
    given = {name for name, _ in _environment(SERVICES[part])} - LOGS
    assert given <= names_read(part)
    assert names_read(part) - given <= NOT_IN_CONTAINERS


def test_every_variable_is_explained() -> None:
    """In .env.example, from which people make theirs."""
    explained = set(re.findall(r"^(?:# )?(\w+)=", (ROOT / ".env.example").read_text("utf-8"), re.MULTILINE))
    used = {found["name"] for found in VARIABLE.finditer(TEXT)}
    passed_on = {name for service in SERVICES.values() for name, value in _environment(service) if value is None}
    assert (used | passed_on) - explained == set()


def test_a_missing_secret_stops_everything_at_once() -> None:
    """Each place where one is used says what to do; none has a default."""
    for name in ("JWT_SECRET_KEY", "MYSQL_PW", "RABBIT_PW"):
        uses = [found["rest"] for found in VARIABLE.finditer(TEXT) if found["name"] == name]
        assert uses
        assert all(rest.startswith(":?") and ".env" in rest for rest in uses), name


def test_every_image_has_a_version() -> None:
    """What is built today is built tomorrow."""
    images = [service["image"] for name, service in SERVICES.items() if name in {"db", "rabbitmq"}]
    bases = [rest for file in DOCKERFILES for word, rest in instructions(file) if word == "FROM"]
    assert with_versions(images) == images
    assert with_versions([base.partition(" ")[0] for base in bases]) == [base.partition(" ")[0] for base in bases]
    assert not with_versions(["mysql", "mysql:latest", "nginx:stable"])


@pytest.mark.parametrize("file", DOCKERFILES, ids=lambda file: file.parent.name)
def test_images_run_without_rights_and_hear_their_signals(file: Path) -> None:
    """Another user than root in the final stage, and a command that no shell stands before."""
    lines = instructions(file)
    final = lines[max(index for index, (word, _) in enumerate(lines) if word == "FROM") :]
    words = [word for word, _ in final]
    assert words.count("FROM") == 1
    assert dict(final)["USER"].partition(":")[0] not in {"root", "0"}
    assert words.index("USER") > max(index for index, word in enumerate(words) if word in {"RUN", "COPY"})
    assert dict(final)["ENTRYPOINT"].startswith("[")
    assert {"STOPSIGNAL", "LABEL"} <= set(words)
    assert "ADD" not in {word for word, _ in lines}


@pytest.mark.parametrize("file", DOCKERFILES, ids=lambda file: file.parent.name)
def test_nothing_gets_into_an_image_unasked(file: Path) -> None:
    """No `.env`, no database and no `.git`: what goes in is named."""
    lines = (file.parent / ".dockerignore").read_text("utf-8").splitlines()
    assert next(line for line in lines if not line.startswith("#")) == "*"
    assert not {"!.env", "!data", "!."} & set(lines)


def test_the_image_is_installed_by_the_same_uv() -> None:
    """As the checkout, from the same lock."""
    (uv,) = re.findall(r'"(uv==[0-9.]+)"', (ROOT / "launcher" / "bootstrap.py").read_text("utf-8"))
    runs = [rest for word, rest in instructions(ROOT / "Dockerfile") if word == "RUN"]
    assert any(rest.endswith(uv) for rest in runs)
    assert any("uv sync --frozen" in rest for rest in runs)


def _environment(service: dict[str, Any]) -> list[tuple[str, str | None]]:
    return list(service.get("environment", {}).items())
