"""Runs a service: health, reflection, interceptors, limits, and a graceful stop."""

import asyncio
import signal
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import FrameType
from typing import cast

import grpc
import grpc.aio
from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
from google.protobuf.descriptor_pb2 import MethodOptions
from grpc_health.v1 import health_pb2
from grpc_reflection.v1alpha import reflection_pb2
from mesh.v1 import policy_pb2

from mesh import env, health_service, keepalive, logs, reflection
from mesh.credentials import Credentials
from mesh.env import ConfigError, read_environment
from mesh.event_loop import EventLoop
from mesh.health_service import HealthService
from mesh.identity import Verifier
from mesh.interceptors import server_interceptors
from mesh.interceptors.errors import error_domain
from mesh.limits import MAX_CALLS, MAX_OPEN_CALLS, MAX_REFLECTIONS, MAX_WATCHES, Places
from mesh.methods import Handler, HandlerCollector, Methods, unary
from mesh.policy import ANYONE, ContractError, policies
from mesh.pools import Pools, ThreadPool
from mesh.ports import PortInUseError
from mesh.reflection import Reflection
from mesh.tls import Tls
from mesh.validation import check_rules

MAX_MESSAGE_BYTES = 1024 * 1024
"""Size of one request; a response may have eight times as many."""
GRACE_PERIOD_SECONDS = 10.0
"""How long running calls may continue after a stop begins."""
PROBE_INTERVAL_SECONDS = 2.0
PROBE_TIMEOUT_SECONDS = 5.0
"""Time after which a probe that has no result counts as failed."""
MAX_CONNECTION_AGE_SECONDS = 60.0
"""After that a caller has to connect again and so resolves the address again: replicas come and go."""
CONNECTION_GRACE_PERIOD_SECONDS = 40.0
"""How long calls on an old connection may continue; more than any method's deadline."""
MAX_STREAMS_PER_CONNECTION = 1000
"""Calls on one connection at the same time. A caller waits until one ends, except in the first milliseconds of a
connection, when it does not know the limit yet: 200 calls at once on a new connection failed with a limit of 100."""
MAX_CONNECTIONS = 500
"""Leaves half of the usual 1,024 file descriptors to the database and the logs."""
HANDSHAKE_TIMEOUT_SECONDS = 10.0
MAX_METADATA_BYTES = 16 * 1024

log = logs.get("mesh.server")


@dataclass(frozen=True)
class Service:
    """A service that a server can run.

    Args:
        name: the service's name in the mesh, the audience of tokens for it.
        descriptor: its contract.
        add: adds its servicer to a server. Methods that are not coroutines run in the pools.
        probe: raises an error when a dependency of the service is down; runs in a thread of its own.
        on_stop: is called when a stop begins, to end what running calls wait for.
        pools: the threads of methods that block.
        parts: by the name of a part of the service, a function that returns what an operator has to change, if
            anything. Health checks know the part by its name; the service works nevertheless.
    """

    name: str
    descriptor: ServiceDescriptor
    add: Callable[[grpc.Server], None]
    probe: Callable[[], None] = lambda: None
    on_stop: Callable[[], None] = lambda: None
    pools: Pools = field(default_factory=Pools)
    parts: Mapping[str, Callable[[], str]] = field(default_factory=dict)


class MeshServer:
    """A gRPC server with health, reflection and all interceptors of the mesh.

    It runs on an event loop in a thread of its own. A message is received on the loop, after its caller has been
    authenticated; only then a method that blocks gets a thread.

    Args:
        service: the service to run.
        secret: the mesh's key, or the credentials of the service.
        address: host and port to listen on; port 0 picks a free one.
        loop: the event loop, if something else uses it as well; the server closes only its own.
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
        loop: EventLoop | None = None,
        probe_interval_seconds: float = PROBE_INTERVAL_SECONDS,
        max_connection_age_seconds: float = MAX_CONNECTION_AGE_SECONDS,
    ) -> None:
        check_rules(service.descriptor)
        credentials = Credentials.of(secret)
        self._service = service
        self._verifier = Verifier(service.name, credentials)
        self._policies = policies(service.descriptor)
        self._probe_interval_seconds = probe_interval_seconds
        self._probes = ThreadPool("probe", 1)
        self._failure = ""
        self._loop = loop or EventLoop()
        self._owns_loop = loop is None
        try:
            options = _options(max_connection_age_seconds)
            self.port = self._loop.call(self._create, options, address, credentials.tls)
        except BaseException:
            self._close_loop()
            raise

    def hide_contract(self) -> None:
        """Serve no reflection; call it before `start`."""
        for path in reflection.PATHS:
            self._methods.remove(path)

    def start(self) -> None:
        """Accept calls, and report the health of the service from now on."""
        self._loop.run(self._start())

    def stop(self, grace_seconds: float = GRACE_PERIOD_SECONDS) -> None:
        """Report NOT_SERVING and refuse new calls, let running calls end, then cancel the remaining ones."""
        self._service.on_stop()
        self._loop.run(self._stop(grace_seconds))
        self._service.pools.close()
        self._probes.close()
        self._close_loop()

    def _create(self, options: list[tuple[str, int]], address: str, tls: Tls | None) -> int:
        """Create the server and return its port; on the loop, because the server belongs to the one that runs."""
        self._health = HealthService("", self._service.descriptor.full_name)
        self._open_streams: list[Places] = []
        self._probed = asyncio.Event()
        self._methods = self._find_methods()
        self._server = grpc.aio.server(handlers=[self._methods], options=options)
        return _bind(self._server, address, tls, self._service.name)

    def _find_methods(self) -> Methods:
        """Return all methods of the server."""
        descriptor, domain = self._service.descriptor, error_domain(self._service.descriptor)
        guarded = server_interceptors(self._verifier, self._policies, domain, Places(MAX_CALLS))
        for_anyone = server_interceptors(
            self._verifier,
            {**self._policies, health_service.CHECK: policy_pb2.Policy(callers=[ANYONE])},
            domain,
            Places(MAX_OPEN_CALLS, displace=True),
        )
        collector, methods = HandlerCollector(), Methods()
        self._service.add(cast("grpc.Server", collector))
        pools = self._service.pools
        for method in descriptor.methods:
            path = f"/{descriptor.full_name}/{method.name}"
            handler = collector.find(path)
            if handler is not None:
                interceptors = for_anyone if ANYONE in self._policies[path].callers else guarded
                methods.add_unary(path, handler, interceptors, pools.reads if _only_reads(method) else pools.writes)
        check = grpc.unary_unary_rpc_method_handler(
            self._health.check,
            request_deserializer=health_pb2.HealthCheckRequest.FromString,
            response_serializer=health_pb2.HealthCheckResponse.SerializeToString,
        )
        methods.add_unary(health_service.CHECK, check, for_anyone, pools.reads)
        watches, reflections = Places(MAX_WATCHES, displace=True), Places(MAX_REFLECTIONS, displace=True)
        methods.add_stream(
            health_service.WATCH,
            self._health.watch,
            health_pb2.HealthCheckRequest,
            health_pb2.HealthCheckResponse,
            watches,
        )
        self._open_streams = [reflections]
        reflected = Reflection((descriptor.full_name, health_service.NAME, *reflection.SERVICE_NAMES))
        for path in reflection.PATHS:
            methods.add_stream(
                path,
                reflected.respond_all,
                reflection_pb2.ServerReflectionRequest,
                reflection_pb2.ServerReflectionResponse,
                reflections,
            )

        def find_other(path: str) -> Handler | None:
            handler = collector.find(path)
            return None if handler is None else unary(path, handler, guarded, pools.writes)

        methods.add_other(find_other)
        return methods

    async def _start(self) -> None:
        self._probing = asyncio.create_task(self._keep_probing())
        await self._probed.wait()
        await self._server.start()

    async def _stop(self, grace_seconds: float) -> None:
        self._probing.cancel()
        self._health.stop()
        for places in self._open_streams:
            places.clear()
        await self._server.stop(grace_seconds)

    def _close_loop(self) -> None:
        if self._owns_loop:
            self._loop.close()

    async def _keep_probing(self) -> None:
        while True:
            await self._probe()
            await asyncio.sleep(self._probe_interval_seconds)

    async def _probe(self) -> None:
        attempt = asyncio.ensure_future(self._probes.run(self._service.probe))
        done, _ = await asyncio.wait([attempt], timeout=PROBE_TIMEOUT_SECONDS)
        if not done:
            self._report(f"TimeoutError: no result within {PROBE_TIMEOUT_SECONDS:g} s")
            await asyncio.wait([attempt])
        error = attempt.exception()
        self._report(f"{type(error).__name__}: {error.__cause__ or error}" if error else "")

    def _report(self, failure: str) -> None:
        """Set the health of the service, and log a change of it."""
        if failure != self._failure:  # only changes: a database that is down for a night must not fill the log
            log.warning("not serving", reason=failure) if failure else log.info("serving again")
            self._failure = failure
        status = health_pb2.HealthCheckResponse
        parts = {
            name: status.NOT_SERVING if problem() else status.SERVING for name, problem in self._service.parts.items()
        }
        self._health.set(status.NOT_SERVING if failure else status.SERVING, parts)
        self._probed.set()


def run(name: str, wire: Callable[[Mapping[str, str]], tuple[MeshServer, Callable[[], None]]]) -> int:
    """Run a service as a process; return 2 for an invalid setting, and 1 for an address in use.

    Args:
        name: name of the process, on its log lines and in front of its errors.
        wire: creates the server from the environment, and returns with it what to call after its stop.
    """
    try:
        environ = read_environment()
        logs.configure(name, environ)
        reflects = env.flag(environ, "GRPC_REFLECTION", default=True)
        server, close = wire(environ)
    except (ConfigError, ContractError) as error:
        sys.stderr.write(f"{name}: {error}\n")
        return 2
    except PortInUseError as error:
        sys.stderr.write(f"{name}: {error}\n")
        return 1
    if not reflects:
        server.hide_contract()
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


def _only_reads(method: MethodDescriptor) -> bool:
    level: MethodOptions.IdempotencyLevel.ValueType = method.GetOptions().idempotency_level
    return level == MethodOptions.NO_SIDE_EFFECTS


def _options(max_connection_age_seconds: float) -> list[tuple[str, int]]:
    return [
        ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
        ("grpc.max_send_message_length", 8 * MAX_MESSAGE_BYTES),
        ("grpc.max_connection_age_ms", int(max_connection_age_seconds * 1000)),
        ("grpc.max_connection_age_grace_ms", int(CONNECTION_GRACE_PERIOD_SECONDS * 1000)),
        ("grpc.so_reuseport", 0),  # a second server on the same port is a mistake
        ("grpc.max_concurrent_streams", MAX_STREAMS_PER_CONNECTION),
        ("grpc.max_allowed_incoming_connections", MAX_CONNECTIONS),
        ("grpc.server_handshake_timeout_ms", int(HANDSHAKE_TIMEOUT_SECONDS * 1000)),
        ("grpc.absolute_max_metadata_size", MAX_METADATA_BYTES),
        *keepalive.SERVER_OPTIONS,
    ]


def _bind(server: grpc.aio.Server, address: str, tls: Tls | None, name: str) -> int:
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
