"""Runs a service: health, reflection, interceptors, limits, and a graceful stop."""

import signal
import sys
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from types import FrameType

import grpc
from google.protobuf.descriptor import ServiceDescriptor
from grpc_health.v1 import health, health_pb2, health_pb2_grpc

from mesh import logs
from mesh.credentials import Credentials
from mesh.env import ConfigError, read_environment
from mesh.identity import Verifier
from mesh.interceptors import server_interceptors
from mesh.interceptors.errors import error_domain
from mesh.policy import ContractError, policies
from mesh.ports import PortInUseError
from mesh.reflection import add_reflection
from mesh.tls import Tls
from mesh.validation import check_rules

MAX_MESSAGE_BYTES = 1024 * 1024
"""Size of one request; a response may have eight times as many."""
GRACE_PERIOD_SECONDS = 10.0
"""How long running calls may continue after a stop begins."""
PROBE_INTERVAL_SECONDS = 2.0
MAX_CONNECTION_AGE_SECONDS = 60.0
"""After that a caller has to connect again and so resolves the address again: replicas come and go."""
CONNECTION_GRACE_PERIOD_SECONDS = 40.0
"""How long calls on an old connection may continue; more than any method's deadline."""

log = logs.get("mesh.server")


@dataclass(frozen=True)
class Service:
    """A service that a server can run.

    Args:
        name: the service's name in the mesh, the audience of tokens for it.
        descriptor: its contract.
        add: adds its servicer to a server.
        probe: raises an error when a dependency of the service is down.
        on_stop: is called when a stop begins, to end what running calls wait for.
    """

    name: str
    descriptor: ServiceDescriptor
    add: Callable[[grpc.Server], None]
    probe: Callable[[], None] = lambda: None
    on_stop: Callable[[], None] = lambda: None


class MeshServer:
    """A gRPC server with health, reflection and all interceptors of the mesh.

    Args:
        service: the service to run.
        secret: the mesh's key, or the credentials of the service.
        address: host and port to listen on; port 0 picks a free one.
        threads: number of calls that run in parallel.
        probe_interval_seconds: time between two probes of the service.
        max_connection_age_seconds: time until a caller has to connect again.

    Raises:
        ContractError: a method of the service has no policy, or a request has an invalid rule.
        PortInUseError: the address cannot be listened on.
        ConfigError: the certificate cannot be read.
    """

    def __init__(
        self,
        service: Service,
        secret: str | Credentials,
        address: str,
        threads: int = 32,
        probe_interval_seconds: float = PROBE_INTERVAL_SECONDS,
        max_connection_age_seconds: float = MAX_CONNECTION_AGE_SECONDS,
    ) -> None:
        check_rules(service.descriptor)
        credentials = Credentials.of(secret)
        interceptors = server_interceptors(
            Verifier(service.name, credentials), policies(service.descriptor), error_domain(service.descriptor)
        )
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="call")
        self._server = grpc.server(self._pool, interceptors=interceptors, options=_options(max_connection_age_seconds))
        self._service = service
        self._probe_interval_seconds = probe_interval_seconds
        self._health = health.HealthServicer(experimental_non_blocking=True)
        self._stopped = threading.Event()
        self._failure = ""
        service.add(self._server)
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        add_reflection(self._server, (service.descriptor.full_name, health.SERVICE_NAME))
        self.port = _bind(self._server, address, credentials.tls, service.name)

    def start(self) -> None:
        """Accept calls, and report the health of the service from now on."""
        self._probe()
        self._server.start()
        threading.Thread(target=self._keep_probing, name="probe", daemon=True).start()

    def stop(self, grace_seconds: float = GRACE_PERIOD_SECONDS) -> None:
        """Report NOT_SERVING and refuse new calls, let running calls end, then cancel the remaining ones."""
        self._stopped.set()
        self._health.enter_graceful_shutdown()
        self._service.on_stop()
        self._server.stop(grace_seconds).wait()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _keep_probing(self) -> None:
        while not self._stopped.wait(self._probe_interval_seconds):
            self._probe()

    def _probe(self) -> None:
        status, failure = health_pb2.HealthCheckResponse.SERVING, ""
        try:
            self._service.probe()
        except Exception as error:  # noqa: BLE001 - any error means the same: not serving
            status = health_pb2.HealthCheckResponse.NOT_SERVING
            failure = f"{type(error).__name__}: {error.__cause__ or error}"
        if failure != self._failure:  # only changes: a database that is down for a night must not fill the log
            log.warning("not serving", reason=failure) if failure else log.info("serving again")
            self._failure = failure
        for name in ("", self._service.descriptor.full_name):
            self._health.set(name, status)


def run(name: str, wire: Callable[[Mapping[str, str]], tuple[MeshServer, Callable[[], None]]]) -> int:
    """Run a service as a process; return 2 for an invalid setting, and 1 for an address in use.

    Args:
        name: name of the process, on its log lines and in front of its errors.
        wire: creates the server from the environment, and returns with it what to call after its stop.
    """
    try:
        environ = read_environment()
        logs.configure(name, environ)
        server, close = wire(environ)
    except (ConfigError, ContractError) as error:
        sys.stderr.write(f"{name}: {error}\n")
        return 2
    except PortInUseError as error:
        sys.stderr.write(f"{name}: {error}\n")
        return 1
    serve(server, close)
    return 0


def serve(server: MeshServer, close: Callable[[], None] = lambda: None) -> None:
    """Run the server until SIGTERM or SIGINT, then call `close`; a second signal ends the process at once."""
    ended = threading.Event()

    def on_signal(_: int, __: FrameType | None) -> None:
        for each in (signal.SIGTERM, signal.SIGINT):
            signal.signal(each, signal.SIG_DFL)
        ended.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, on_signal)
    server.start()
    log.info("serving", port=server.port)
    while not ended.wait(1):  # one signal in thirty did not end a wait without a timeout, on a busy machine
        pass
    log.info("stopping", grace=GRACE_PERIOD_SECONDS)
    server.stop()
    close()


def _options(max_connection_age_seconds: float) -> list[tuple[str, int]]:
    return [
        ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
        ("grpc.max_send_message_length", 8 * MAX_MESSAGE_BYTES),
        ("grpc.max_connection_age_ms", int(max_connection_age_seconds * 1000)),
        ("grpc.max_connection_age_grace_ms", int(CONNECTION_GRACE_PERIOD_SECONDS * 1000)),
        ("grpc.so_reuseport", 0),  # a second server on the same port is a mistake
    ]


def _bind(server: grpc.Server, address: str, tls: Tls | None, name: str) -> int:
    try:
        if tls:
            port = server.add_secure_port(address, tls.server_credentials(name))
        else:
            port = server.add_insecure_port(address)
    except RuntimeError:
        port = 0
    if not port:
        message = f"The address {address} is already in use or cannot be listened on."
        raise PortInUseError(message)
    return port
