"""With certificates, services and callers authenticate each other; a missing, wrong or expired one is rejected."""

import asyncio
import stat
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import grpc
import pytest

from mesh.__main__ import main
from mesh.certs import CertifiedKey, create_authority, create_certificate, write
from mesh.client import Target, connect, connect_async
from mesh.credentials import Credentials
from mesh.env import ConfigError
from mesh.identity import Signer
from mesh.secrets import read_credentials
from mesh.server import MeshServer
from mesh.testing import SECRET
from mesh.tests import echo
from mesh.tls import Tls

pytestmark = pytest.mark.integration

NOW = datetime.now(UTC)
DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def authority() -> CertifiedKey:
    """Create the authority of the mesh."""
    return create_authority(DAY, NOW)


def folder_of(
    folder: Path, authority: CertifiedKey, name: str, trusted: CertifiedKey | None = None, age: timedelta = DAY
) -> Path:
    """Create a folder with the certificate of a process, which was created `age` ago and is valid for a day."""
    folder.mkdir(exist_ok=True)
    write(folder, "ca", trusted or authority)
    write(folder, name, create_certificate(authority, name, DAY, NOW + DAY - age))
    return folder


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory, authority: CertifiedKey) -> Iterator[Target]:
    """Run an Echo that requires certificates."""
    own = Tls(folder_of(tmp_path_factory.mktemp("echo"), authority, "echo"))
    yield from serving(Credentials(SECRET, tls=own))


def serving(credentials: Credentials) -> Iterator[Target]:
    """Run an Echo with these credentials."""
    service = echo.service()
    server = MeshServer(service, credentials, "127.0.0.1:0")
    server.start()
    yield Target("echo", f"127.0.0.1:{server.port}", service.descriptor)
    server.stop(grace_seconds=0)


def signer(folder: Path | None, name: str = "tester") -> Signer:
    """Return a caller with the certificates in the folder."""
    return Signer(name, Credentials(SECRET, tls=Tls(folder) if folder else None))


def call_sync(target: Target, signer: Signer) -> grpc.StatusCode:
    """Return the code of a blocking call."""
    with connect(target, signer) as channel:
        code: grpc.StatusCode = echo.method(channel, "Change").future(echo.request(), timeout=5).code()
    return code


def call_async(target: Target, signer: Signer) -> grpc.StatusCode:
    """Return the code of an asyncio call."""

    async def call() -> grpc.StatusCode:
        async with connect_async(target, signer) as channel:
            try:
                await echo.method(channel, "Change")(echo.request(), timeout=5)
            except grpc.aio.AioRpcError as error:
                return error.code()
        return grpc.StatusCode.OK

    return asyncio.run(call())


Call = Callable[[Target, Signer], grpc.StatusCode]
BOTH = pytest.mark.parametrize("call", [call_sync, call_async])


@BOTH
def test_a_certificate_of_the_mesh_is_accepted(
    target: Target, authority: CertifiedKey, tmp_path: Path, call: Call
) -> None:
    """Both kinds of clients are accepted, and the token still identifies the caller for the policy."""
    own = folder_of(tmp_path, authority, "worker")
    assert call(target, signer(own, "worker")) is grpc.StatusCode.OK
    write(own, "books", create_certificate(authority, "books", DAY, NOW))
    assert call(target, signer(own, "books")) is grpc.StatusCode.PERMISSION_DENIED


@BOTH
def test_an_unencrypted_call_is_rejected(target: Target, call: Call) -> None:
    """A valid token alone is not enough."""
    assert call(target, signer(None)) is grpc.StatusCode.UNAVAILABLE


def test_a_call_without_a_certificate_is_rejected(target: Target, authority: CertifiedKey, tmp_path: Path) -> None:
    """Encryption alone is not enough."""
    folder = folder_of(tmp_path, authority, "tester")
    anonymous = grpc.ssl_channel_credentials((folder / "ca.pem").read_bytes())
    options = [("grpc.ssl_target_name_override", "echo.mesh")]
    with grpc.secure_channel(target.address, anonymous, options) as channel:
        token = Signer("worker", SECRET).token("echo")
        with pytest.raises(grpc.RpcError) as raised:
            echo.method(channel, "Change")(echo.request(), timeout=5, metadata=[("authorization", f"Bearer {token}")])
    assert isinstance(raised.value, grpc.Call)
    assert raised.value.code() is grpc.StatusCode.UNAVAILABLE


@BOTH
def test_a_certificate_of_another_authority_is_rejected(
    target: Target, authority: CertifiedKey, tmp_path: Path, call: Call
) -> None:
    """It does not help that its owner trusts our authority."""
    own = folder_of(tmp_path, create_authority(DAY, NOW), "worker", trusted=authority)
    assert call(target, signer(own, "worker")) is grpc.StatusCode.UNAVAILABLE


@BOTH
def test_an_expired_certificate_is_rejected(
    target: Target, authority: CertifiedKey, tmp_path: Path, call: Call
) -> None:
    """Our authority has signed it, but it expired a day ago."""
    own = folder_of(tmp_path, authority, "worker", age=3 * DAY)
    assert call(target, signer(own, "worker")) is grpc.StatusCode.UNAVAILABLE


@BOTH
@pytest.mark.parametrize("impostor", ["other authority", "expired", "other service"])
def test_a_caller_rejects_a_server_that_it_cannot_authenticate(
    authority: CertifiedKey, tmp_path: Path, call: Call, impostor: str
) -> None:
    """A server with a certificate of another authority, an expired one, or one of another service gets no call."""
    name = "books" if impostor == "other service" else "echo"
    issuer = create_authority(DAY, NOW) if impostor == "other authority" else authority
    theirs = folder_of(tmp_path / "theirs", issuer, name, authority, 3 * DAY if impostor == "expired" else DAY)
    (theirs / f"{name}.pem").rename(theirs / "echo.pem")
    (theirs / f"{name}.key").rename(theirs / "echo.key")
    own = folder_of(tmp_path / "own", authority, "worker")
    for target in serving(Credentials(SECRET, tls=Tls(theirs))):
        assert call(target, signer(own, "worker")) is grpc.StatusCode.UNAVAILABLE


def test_the_command_creates_working_certificates(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It creates an authority and pairs, with keys that only their owner can read; the settings find them."""
    folder = tmp_path / "certs"
    assert main(["certs", "--dir", str(folder), "echo", "worker"]) == 0
    names = ["ca.key", "ca.pem", "echo.key", "echo.pem", "worker.key", "worker.pem"]
    assert sorted(file.name for file in folder.iterdir()) == names
    assert sorted(capsys.readouterr().out.split()) == [str(folder / name) for name in names]
    assert {stat.S_IMODE(file.stat().st_mode) for file in folder.glob("*.key")} == {0o600}
    environ = {"MESH_SECRET": SECRET, "MESH_TLS_DIR": str(folder)}
    for target in serving(read_credentials(environ, "echo")):
        assert call_sync(target, Signer("worker", read_credentials(environ, "worker"))) is grpc.StatusCode.OK


def test_the_command_overwrites_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One existing file stops it before it writes any."""
    (tmp_path / "books.key").write_text("precious")
    assert main(["certs", "--dir", str(tmp_path), "users", "books"]) == 1
    assert capsys.readouterr().err == f"{tmp_path / 'books.key'} already exists; no file was written.\n"
    assert [file.read_text() for file in tmp_path.iterdir()] == ["precious"]


@pytest.mark.parametrize("arguments", [["ca"], ["../users"], ["a b"], [], ["--days", "0", "users"]])
def test_the_command_rejects_invalid_names_and_days(tmp_path: Path, arguments: list[str]) -> None:
    """No name leads out of the folder or replaces the authority."""
    with pytest.raises(SystemExit) as ended:
        main(["certs", "--dir", str(tmp_path), *arguments])
    assert ended.value.code == 2
    assert not list(tmp_path.iterdir())


def test_a_missing_or_broken_certificate_is_an_error_at_the_start(tmp_path: Path, authority: CertifiedKey) -> None:
    """The error is one sentence with the name of the setting, before a port is opened."""
    environ = {"MESH_SECRET": SECRET, "MESH_TLS_DIR": str(tmp_path)}
    with pytest.raises(ConfigError, match=r"^MESH_TLS_DIR: .*ca\.pem cannot be read; `python -m mesh certs` creates"):
        read_credentials(environ)
    folder_of(tmp_path, authority, "books")
    assert read_credentials(environ, "books").tls == Tls(tmp_path)
    with pytest.raises(ConfigError, match=r"^MESH_TLS_DIR: .*users\.pem cannot be read"):
        read_credentials(environ, "users")
    (tmp_path / "books.key").write_text("no key")
    with pytest.raises(ConfigError, match=r"^MESH_TLS_DIR: the certificates in .* cannot be read\.$"):
        read_credentials(environ, "books")
