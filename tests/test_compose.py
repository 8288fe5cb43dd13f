"""The compose file and the images meet the requirements that can be checked without an engine."""

import importlib.util
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from database.accounts import OWN_TABLES, Account
from launcher.installation import NPM_INSTALL, UV
from registry import services as registry
from registry.broker_accounts import PERMISSIONS, account_name
from registry.rest_ports import REST_PORTS
from tests.harness import DESCRIPTORS, ROOT
from tests.settings import LOG_SETTINGS, READERS, names_read

pytestmark = pytest.mark.unit

TEXT = (ROOT / "docker-compose.yml").read_text("utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
ONE_SHOTS = {"migrate", "broker-accounts", "certs"}
MESH = (*DESCRIPTORS, "worker", "gateway")
"""The parts that call each other."""
TLS: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.tls.yml").read_text("utf-8"))
PYTHON = [name for name, service in SERVICES.items() if service["image"].startswith("bookstore:")]
DOCKERFILES = [ROOT / "Dockerfile", ROOT / "frontend" / "Dockerfile"]
NOT_IN_CONTAINERS = {
    *("FRONTEND_HOST", "FRONTEND_PORT"),  # nginx uses its own
    *(port.variable for port in REST_PORTS),  # published elsewhere
    *("DB_TLS_CA", "RABBIT_TLS_CA", "RABBIT_TLS_CERT", "RABBIT_TLS_KEY"),  # files, set in a second file
    *("RABBIT_URL", "RABBIT_PORT", "RABBIT_VHOST", "RABBIT_TLS", "RABBIT_MANAGEMENT_URL"),  # compose starts the broker
}
USER_TOKEN_KEYS = {"JWT_SECRET_KEY", "JWT_SECRET_KEY_PREVIOUS"}
"""Only the parts that verify users' tokens get them; the others would derive the mesh's secret from them."""
VARIABLE = re.compile(r"\$\{(?=(?P<name>\w+)(?P<rest>[^}]*))")
LOOPBACK = "127.0.0.1:"
PUBLIC = "${PUBLISH_ADDRESS:-127.0.0.1}:"


def instructions(file: Path) -> list[tuple[str, str]]:
    """Return the instructions of a Dockerfile with their arguments; join continued lines and drop comments."""
    lines = re.sub(r"\\\n", "", file.read_text("utf-8")).splitlines()
    return [(word, rest) for word, _, rest in (line.partition(" ") for line in lines) if word and word != "#"]


def with_versions(images: list[str]) -> list[str]:
    """Return the images that name a version; `latest` is not a version."""
    return [image for image in images if re.search(r":[\w.-]*\d", image) and not image.endswith(":latest")]


def test_all_parts_are_present() -> None:
    """The two servers, the one-shot commands, the services, the worker, the gateway and the shop."""
    assert set(SERVICES) == {"db", "rabbitmq", *ONE_SHOTS, *MESH, "frontend"}


@pytest.mark.parametrize("name", SERVICES)
def test_each_part_is_monitored(name: str) -> None:
    """It has a health check and restarts; the one-shot commands run once, and what needs them waits for them."""
    service = SERVICES[name]
    if name in ONE_SHOTS:
        assert service["restart"] == "no"
        conditions = {other: SERVICES[other].get("depends_on", {}).get(name) for other in SERVICES}
        dependents = {other for other, condition in conditions.items() if condition}
        needed_by = {"migrate": set(DESCRIPTORS), "certs": set(DESCRIPTORS), "broker-accounts": {"worker"}}
        assert dependents == needed_by[name]
        assert all(conditions[other] == {"condition": "service_completed_successfully"} for other in dependents)
    else:
        assert service["healthcheck"]["test"]
        assert service["restart"] == "unless-stopped"


@pytest.mark.parametrize("name", SERVICES)
def test_no_part_can_fill_the_machine(name: str) -> None:
    """Memory has a limit, and logs are rotated."""
    assert re.fullmatch(r"\d+[mg]", SERVICES[name]["mem_limit"])
    assert set(SERVICES[name]["logging"]["options"]) == {"max-size", "max-file"}


@pytest.mark.parametrize("name", SERVICES)
def test_no_part_can_gain_privileges(name: str) -> None:
    """Our own images can write only to /tmp, and have no capabilities."""
    service = SERVICES[name]
    assert "no-new-privileges:true" in service["security_opt"]
    if "build" in service or name in PYTHON:
        assert (service["read_only"], service["cap_drop"], service["tmpfs"]) == (True, ["ALL"], ["/tmp"])  # noqa: S108 - the container's own


def test_only_the_gateway_and_the_shop_can_be_published() -> None:
    """All other ports are published on this machine only, if at all; so are these two by default."""
    for name, service in SERVICES.items():
        allowed = PUBLIC if name in {"gateway", "frontend"} else LOOPBACK
        assert all(port.startswith(allowed) for port in service.get("ports", ())), name
    assert "ports" not in SERVICES["db"]


@pytest.mark.parametrize("name", [*DESCRIPTORS, "worker"])
def test_a_scalable_part_has_no_fixed_name_or_port(name: str) -> None:
    """A second replica would conflict; without a setting, the engine picks a port."""
    assert "container_name" not in SERVICES[name]
    for port in SERVICES[name].get("ports", ()):
        assert re.fullmatch(r"127\.0\.0\.1:\$\{\w+_GRPC_PORT:-\}:\d+", port)


def test_callers_resolve_all_addresses_of_a_service() -> None:
    """Every replica gets requests: gRPC resolves the name again whenever a connection ends."""
    targets = {
        key: str(value)
        for service in SERVICES.values()
        for key, value in _environment(service)
        if key.endswith("_TARGET")
    }
    assert set(targets) == {entry.target_variable for entry in registry.services()}
    assert all(target.startswith("dns:///") for target in targets.values())


@pytest.mark.parametrize("name", PYTHON)
def test_each_command_is_a_module_of_the_product(name: str) -> None:
    """`python -m` can run it."""
    assert importlib.util.find_spec(f"{SERVICES[name]['command'][0]}.__main__")


@pytest.mark.parametrize("name", DESCRIPTORS)
def test_a_health_check_uses_the_services_own_name(name: str) -> None:
    """It connects to the port on which the service listens."""
    service = SERVICES[name]
    port = service["environment"][registry.service(name).address_variable].rpartition(":")[2]
    assert port == str(registry.service(name).default_port)
    assert service["healthcheck"]["test"][3:] == [
        "mesh", "health", f"127.0.0.1:{port}", DESCRIPTORS[name].full_name, "--as", name
    ]  # fmt: skip
    assert service["ports"][0].endswith(f":{port}")


@pytest.mark.parametrize("name", SERVICES)
def test_each_part_of_the_mesh_gets_its_own_key_only(name: str) -> None:
    """The command that makes them is the only other one that sees a key, and the only one with the authority's."""
    mounts = {volume for volume in SERVICES[name].get("volumes", ()) if volume.startswith("certs-")}
    environment = SERVICES[name].get("environment", {})
    if name == "certs":
        assert mounts == {f"certs-{each}:/certs/{each}" for each in ("authority", *MESH, "tester")}
        assert SERVICES[name]["network_mode"] == "none"
        assert set(SERVICES[name]["command"][-len(MESH) - 1 :]) == {*MESH, "tester"}
    elif name in MESH:
        assert mounts == {f"certs-{name}:/certs:ro"}
        assert environment["MESH_TLS_DIR"] == "/certs"
        assert environment["MESH_SECRET"].startswith("${MESH_SECRET:?")
    else:
        assert not mounts
        assert not {"MESH_TLS_DIR", "MESH_SECRET"} & set(environment)


def test_the_image_has_a_folder_for_each_key() -> None:
    """A new volume gets the owner of the folder at its place, so that the container's user can write to it."""
    (run,) = [rest for word, rest in instructions(ROOT / "Dockerfile") if word == "RUN" and "/certs" in rest]
    folders = {volume.partition(":")[2] for volume in SERVICES["certs"]["volumes"]}
    assert folders == {word for word in run.split() if word.startswith("/certs/")}
    assert {volume.partition(":")[0] for volume in SERVICES["certs"]["volumes"]} <= set(COMPOSE["volumes"])


def test_an_own_authority_replaces_the_certificates_of_every_part() -> None:
    """The second file mounts a folder of the machine at the same place, and creates no certificates."""
    services: dict[str, Any] = TLS["services"]
    assert services.pop("certs") == {"entrypoint": ["true"]}
    assert {name: service["volumes"] for name, service in services.items()} == {
        name: [f"${{MESH_TLS_DIR:-./certs}}/{name}:/certs:ro"] for name in MESH
    }


def test_only_two_parts_can_verify_and_sign_tokens_of_users() -> None:
    """A stolen configuration of any other part forges no user."""
    holders = {name for name in SERVICES if USER_TOKEN_KEYS & set(SERVICES[name].get("environment", {}))}
    assert holders == {"gateway", "users"}


@pytest.mark.parametrize("name", DESCRIPTORS)
def test_each_service_has_a_database_account_of_its_own(name: str) -> None:
    """`migrate` creates it with the same name and password."""
    url = SERVICES[name]["environment"].get("dbURL")
    if name not in OWN_TABLES:
        assert url is None
        return
    password = f"{name.upper()}_DB_PW"
    assert url.startswith(f"${{dbURL:-mysql+mysqlconnector://${{MYSQL_DB:-bookstore}}_{name}:${{{password}:?")
    assert Account(name, "bookstore", "").name == f"bookstore_{name}"
    assert SERVICES["migrate"]["environment"][password].startswith(f"${{{password}:?")


@pytest.mark.parametrize("name", PERMISSIONS)
def test_each_process_has_a_broker_account_of_its_own(name: str) -> None:
    """`broker-accounts` creates it with the same name and password."""
    environment, variable = SERVICES[name]["environment"], f"{name.upper()}_RABBIT_PW"
    assert environment["RABBIT_USER"] == account_name("/", name)
    assert environment["RABBIT_PW"].startswith(f"${{{variable}:?")
    assert SERVICES["broker-accounts"]["environment"][variable] == environment["RABBIT_PW"]


def test_the_administrators_passwords_stay_with_those_who_need_them() -> None:
    """The server itself and the one-shot command that creates the accounts."""
    for variable, holders in (("MYSQL_PW", {"db", "migrate"}), ("RABBIT_PW", {"rabbitmq", "broker-accounts"})):
        uses = {
            name
            for name in SERVICES
            for _, value in _environment(SERVICES[name])
            if re.search(rf"\$\{{{variable}\b", str(value))
        }
        assert uses == holders
    secrets = {match["name"] for match in VARIABLE.finditer(TEXT) if match["name"].endswith("_PW")}
    for name in (*MESH, "frontend"):
        own = f"{name.upper()}_"
        values = " ".join(str(value) for _, value in _environment(SERVICES[name]))
        assert {each for each in secrets if each in re.findall(r"\w+", values)} <= {own + "DB_PW", own + "RABBIT_PW"}


@pytest.mark.parametrize("part", READERS)
def test_each_part_gets_exactly_the_settings_it_reads(part: str) -> None:
    """No secret reaches a part that does not need it, and every setting in `.env` has an effect."""
    names = {name for name, _ in _environment(SERVICES[part])} - LOG_SETTINGS
    assert names <= names_read(part)
    not_given = NOT_IN_CONTAINERS if part in {"gateway", "users"} else NOT_IN_CONTAINERS | USER_TOKEN_KEYS
    assert names_read(part) - names <= not_given


def test_every_variable_is_documented() -> None:
    """.env.example has every variable of the compose file."""
    documented = set(re.findall(r"^(?:# )?(\w+)=", (ROOT / ".env.example").read_text("utf-8"), re.MULTILINE))
    used = {match["name"] for match in VARIABLE.finditer(TEXT)}
    passed_on = {name for service in SERVICES.values() for name, value in _environment(service) if value is None}
    assert (used | passed_on) - documented == set()


def test_a_missing_secret_stops_the_start() -> None:
    """Each use of a secret has a message that says what to do, and no default."""
    secrets = {match["name"] for match in VARIABLE.finditer(TEXT) if match["name"].endswith("_PW")}
    assert {"MYSQL_PW", "RABBIT_PW"} < secrets
    for name in ("JWT_SECRET_KEY", "MESH_SECRET", *secrets):
        uses = [match["rest"] for match in VARIABLE.finditer(TEXT) if match["name"] == name]
        assert uses
        assert all(rest.startswith(":?") and ".env" in rest for rest in uses), name


def test_every_image_has_a_version() -> None:
    """A later build uses the same images."""
    images = [service["image"] for name, service in SERVICES.items() if name in {"db", "rabbitmq"}]
    bases = [rest for file in DOCKERFILES for word, rest in instructions(file) if word == "FROM"]
    assert with_versions(images) == images
    assert with_versions([base.partition(" ")[0] for base in bases]) == [base.partition(" ")[0] for base in bases]
    assert not with_versions(["mysql", "mysql:latest", "nginx:stable"])


@pytest.mark.parametrize("file", DOCKERFILES, ids=lambda file: file.parent.name)
def test_images_run_unprivileged_and_receive_signals(file: Path) -> None:
    """The final stage has a user other than root, and a command without a shell."""
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
def test_an_image_contains_only_listed_files(file: Path) -> None:
    """`.env`, the database and `.git` are excluded."""
    lines = (file.parent / ".dockerignore").read_text("utf-8").splitlines()
    assert next(line for line in lines if not line.startswith("#")) == "*"
    assert not {"!.env", "!data", "!."} & set(lines)


def test_the_image_is_installed_by_the_same_uv() -> None:
    """The image and the checkout use the same version of uv, one of its files by their hashes, and the same lock."""
    requirement = (ROOT / "requirements-uv.txt").read_text("utf-8")
    assert re.fullmatch(r"uv==[0-9.]+( \\\n    --hash=sha256:[0-9a-f]{64})+\n", requirement)
    assert UV == ("--require-hashes", "--requirement", "requirements-uv.txt")
    runs = [rest for word, rest in instructions(ROOT / "Dockerfile") if word == "RUN"]
    assert any(rest.endswith(" ".join(UV)) for rest in runs)
    assert any("uv sync --frozen" in rest for rest in runs)


def test_packages_run_no_scripts_when_they_are_installed() -> None:
    """A package of npm could otherwise run a program on the machine that builds the pages."""
    runs = [rest for word, rest in instructions(ROOT / "frontend" / "Dockerfile") if word == "RUN"]
    assert "npm ci --ignore-scripts" in runs
    assert NPM_INSTALL[0] == "ci"
    assert "--ignore-scripts" in NPM_INSTALL


def _environment(service: dict[str, Any]) -> list[tuple[str, str | None]]:
    return list(service.get("environment", {}).items())
