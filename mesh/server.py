"""Runs a service: health, reflection, interceptors, limits, and an orderly end."""

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
from grpc_reflection.v1alpha import reflection

from mesh import logs
from mesh.credentials import Credentials
from mesh.env import ConfigError, read_environment
from mesh.identity import Verifier
from mesh.interceptors import server_interceptors
from mesh.policy import ContractError, policies
from mesh.tls import Tls
from mesh.validation import check_rules

MESSAGE_LIMIT = 1024 * 1024
"""Bytes of one request or answer."""
GRACE = 10.0
"""Seconds that running calls get at the end."""
PROBE_EVERY = 2.0
CONNECTION_AGE = 60.0
"""Seconds until a caller has to connect again, and with that to ask which addresses there are: replicas come and go."""
LAST_CALLS = 40.0
"""Seconds that calls on an old connection get to end; more than any method's deadline."""

log = logs.get("mesh.server")


class PortInUseError(Exception):
    """The address cannot be listened on; the message names it."""


@dataclass(frozen=True)
class Service:
    """What a server serves.

    Args:
        name: the service's name in the mesh, the audience of tokens for it.
        descriptor: its contract.
        add: adds its servicer to a server.
        probe: raises when something that it needs is down.
        on_stop: ends what running calls wait for, when the server is about to stop.
    """

    name: str
    descriptor: ServiceDescriptor
    add: Callable[[grpc.Server], None]
    probe: Callable[[], None] = lambda: None
    on_stop: Callable[[], None] = lambda: None


class MeshServer:
    """A gRPC server with all that the mesh asks of one.

    Args:
        service: what it serves.
        secret: the mesh's key, or all that the service proves itself with and knows others by.
        address: host and port to listen on; port 0 picks a free one.
        threads: calls that are answered at once.
        probe_every: seconds between two looks at what the service needs.
        connection_age: seconds until a caller has to connect again.

    Raises:
        ContractError: when a method of the service has no policy, or a request has an invalid rule.
        PortInUseError: when the address cannot be listened on.
        ConfigError: when its certificate cannot be read.
    """

    def __init__(
        self,
        service: Service,
        secret: str | Credentials,
        address: str,
        threads: int = 32,
        probe_every: float = PROBE_EVERY,
        connection_age: float = CONNECTION_AGE,
    ) -> None:
        check_rules(service.descriptor)
        credentials = Credentials.of(secret)
        interceptors = server_interceptors(
            Verifier(service.name, credentials), policies(service.descriptor), service.descriptor.full_name
        )
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="call")
        self._server = grpc.server(self._pool, interceptors=interceptors, options=_options(connection_age))
        self._service = service
        self._probe_every = probe_every
        self._health = health.HealthServicer(experimental_non_blocking=True, experimental_thread_pool=self._pool)
        self._stopped = threading.Event()
        self._trouble = ""
        service.add(self._server)
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        names = (service.descriptor.full_name, health.SERVICE_NAME, reflection.SERVICE_NAME)
        reflection.enable_server_reflection(names, self._server)
        self.port = _bind(self._server, address, credentials.tls, service.name)

    def start(self) -> None:
        """Takes calls from now on, and reports whether the service can answer them."""
        self._probe()
        self._server.start()
        threading.Thread(target=self._keep_probing, name="probe", daemon=True).start()

    def stop(self, grace: float = GRACE) -> None:
        """Says that the service is going, lets running calls end, then ends the rest."""
        self._stopped.set()
        self._health.enter_graceful_shutdown()
        self._service.on_stop()
        self._server.stop(grace).wait()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _keep_probing(self) -> None:
        while not self._stopped.wait(self._probe_every):
            self._probe()

    def _probe(self) -> None:
        status, why = health_pb2.HealthCheckResponse.SERVING, ""
        try:
            self._service.probe()
        except Exception as error:  # noqa: BLE001 - whatever is wrong, the answer is the same: not serving
            status, why = (
                health_pb2.HealthCheckResponse.NOT_SERVING,
                f"{type(error).__name__}: {error.__cause__ or error}",
            )
        if why != self._trouble:  # a server that is away for a night does not fill the log
            log.warning("not serving", why=why) if why else log.info("serving again")
            self._trouble = why
        for name in ("", self._service.descriptor.full_name):
            self._health.set(name, status)


def run(name: str, wire: Callable[[Mapping[str, str]], tuple[MeshServer, Callable[[], None]]]) -> int:
    """Runs a service as a process; the exit status is 2 for a bad setting, 1 for an address in use.

    Args:
        name: name of the process, at the start of what it says when it cannot start.
        wire: makes the server from the environment, and what to call when it has stopped.
    """
    environ = read_environment()
    try:
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
    """Runs the server until SIGTERM or SIGINT, then calls `close`; a second signal ends the process at once."""
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
    log.info("stopping", grace=GRACE)
    server.stop()
    close()


def _options(connection_age: float) -> list[tuple[str, int]]:
    return [
        ("grpc.max_receive_message_length", MESSAGE_LIMIT),
        ("grpc.max_send_message_length", 8 * MESSAGE_LIMIT),
        ("grpc.max_connection_age_ms", int(connection_age * 1000)),
        ("grpc.max_connection_age_grace_ms", int(LAST_CALLS * 1000)),
        ("grpc.so_reuseport", 0),  # a second server on the same port is a mistake, not a helper
    ]


def _bind(server: grpc.Server, address: str, tls: Tls | None, name: str) -> int:
    try:
        port = server.add_secure_port(address, tls.server(name)) if tls else server.add_insecure_port(address)
    except RuntimeError:
        port = 0
    if not port:
        message = f"The address {address} is already in use or cannot be listened on."
        raise PortInUseError(message)
    return port
