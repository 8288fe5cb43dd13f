"""Floods, garbage and slow clients on every port: the processes survive, and other clients are served meanwhile."""

import os
import signal
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from tests.harness import DESCRIPTORS, PROCESS_TIMEOUT_SECONDS, Product, running_product
from tests.rest import Response, call, wait_for_gateway

pytestmark = pytest.mark.integration

KIB = 1024
LOGIN = {"email": "unknown@example.org", "password": "x"}
PARTIAL_HEADER = b"GET /books HTTP/1.1\r\nHost: shop\r\nX-Slow: "
PARTIAL_BODY = b"POST /login HTTP/1.1\r\nHost: shop\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"
PARTIAL_CHUNK = (
    b"POST /login HTTP/1.1\r\nHost: shop\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n{"
)
HTTP2_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """The services and the gateway as processes."""
    with running_product(tmp_path_factory.mktemp("edges"), *DESCRIPTORS, "gateway") as started:
        wait_for_gateway(started)
        yield started


Stalled = tuple[bytes, float]
"""What a stalled connection received, and after how many seconds."""


@pytest.fixture(scope="module", autouse=True)
def stalled(product: Product) -> Iterator[dict[str, Future[Stalled]]]:
    """Two requests that stop in the middle; the other tests run while they wait for their timeouts."""
    with ThreadPoolExecutor(2) as pool:
        yield {
            port: pool.submit(wait_for_timeout, product.rest[port], data)
            for port, data in (("USERS_PORT", PARTIAL_BODY), ("BOOKS_PORT", PARTIAL_HEADER))
        }


def wait_for_timeout(port: int, data: bytes) -> Stalled:
    """Send the data, and wait until the server responds or closes the connection."""
    started = time.monotonic()
    with stalled_connections(port, 1, data) as (connection,):
        received = b""
        while part := connection.recv(KIB):
            received += part
        return received, time.monotonic() - started


@pytest.fixture(autouse=True)
def processes_survive(product: Product) -> Iterator[None]:
    """After each test, the same processes still serve every port."""
    pids = {name: process.pid for name, process in product.processes.items()}
    yield
    assert all(process.is_alive() for process in product.processes.values())
    assert {name: process.pid for name, process in product.processes.items()} == pids
    assert_served(product)
    for address in product.addresses.values():
        assert health(address) == health_pb2.HealthCheckResponse.SERVING


def assert_served(product: Product) -> None:
    """Check that the gateway returns a book and responds to a log-in."""
    assert call(product, "BOOKS_PORT", "GET", "/books/1").status == 200
    assert call(product, "USERS_PORT", "POST", "/login", LOGIN).status in {401, 429}


def health(address: str) -> int:
    """Return the status of a service's health check."""
    with grpc.insecure_channel(address) as channel:
        request = health_pb2.HealthCheckRequest()
        return int(
            health_pb2_grpc.HealthStub(channel)
            .Check(request, timeout=PROCESS_TIMEOUT_SECONDS, wait_for_ready=True)
            .status
        )


@contextmanager
def stalled_connections(
    port: int, count: int, data: bytes, addresses: Sequence[str] = ("127.0.0.1",)
) -> Iterator[list[socket.socket]]:
    """Yield connections from these addresses that have each sent the data and then send nothing more."""
    with ExitStack() as stack:
        sockets = [
            stack.enter_context(
                socket.create_connection(
                    ("127.0.0.1", port), PROCESS_TIMEOUT_SECONDS, (addresses[number % len(addresses)], 0)
                )
            )
            for number in range(count)
        ]
        for each in sockets:
            each.sendall(data)
        yield sockets


LARGE_HEADERS: dict[str, dict[str, str]] = {
    "one header of 128 KiB": {"X-Flood": "x" * 128 * KIB},
    "a cookie of 128 KiB": {"Cookie": "refresh_token=" + "x" * 128 * KIB},
    "a bearer of 128 KiB": {"Authorization": "Bearer " + "x" * 128 * KIB},
    "five hundred headers": {f"X-Flood-{number}": "x" for number in range(500)},
}


@pytest.mark.parametrize("name", LARGE_HEADERS)
def test_a_flood_of_headers_is_refused(product: Product, name: str) -> None:
    """The status is 431, before the application sees the request."""
    for port, path in (("BOOKS_PORT", "/books"), ("USERS_PORT", "/refresh-token")):
        try:
            status = call(
                product, port, "POST" if path != "/books" else "GET", path, headers=LARGE_HEADERS[name]
            ).status
        except (BrokenPipeError, ConnectionResetError):  # the server responds and closes before the request is complete
            status = 431
        assert status == 431


@pytest.mark.parametrize(
    ("cookie", "status"),
    [
        ("; ".join(f"c{number}=x" for number in range(2000)), 401),
        ("refresh_token=" + "x" * 20 * KIB, 401),
        ("=;=;;;" * 1000, 401),
        ("refresh_token", 401),
        ('refresh_token="\\000\\777"', 401),
    ],
)
def test_odd_cookies_are_not_tokens(product: Product, cookie: str, status: int) -> None:
    """Many, long and malformed cookies are refused with the contract's message."""
    response = call(product, "USERS_PORT", "POST", "/refresh-token", headers={"Cookie": cookie})
    assert (response.status, response.json["code"]) == (status, status)


def padded(size: int) -> bytes:
    """Return JSON of exactly this many bytes."""
    start, end = b'{"email": "unknown@example.org", "password": "x', b'"}'
    return start + b"x" * (size - len(start) - len(end)) + end


def test_a_body_of_64_kib_is_read_and_one_byte_more_is_not(product: Product) -> None:
    """The limit is exact, and its message is the contract's."""
    largest = call(product, "USERS_PORT", "POST", "/login", padded(64 * KIB), {"Content-Type": "application/json"})
    assert (largest.status, largest.json["message"]) == (400, "password must be at most 1024 characters.")
    too_large = call(
        product, "USERS_PORT", "POST", "/login", padded(64 * KIB + 1), {"Content-Type": "application/json"}
    )
    assert too_large.json == {"code": 413, "message": "The body is larger than 64 KiB."}


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_of_50_mib_is_refused_at_its_64th_kib(product: Product, *, chunked: bool) -> None:
    """With and without a declared length; the gateway does not read the rest."""
    length = b"Transfer-Encoding: chunked" if chunked else b"Content-Length: 52428800"
    chunk = b"10000\r\n" + b"x" * 64 * KIB + b"\r\n" if chunked else b"x" * 64 * KIB
    head = b"POST /login HTTP/1.1\r\nHost: shop\r\nContent-Type: application/json\r\n" + length + b"\r\n\r\n"
    with socket.create_connection(("127.0.0.1", product.rest["USERS_PORT"]), PROCESS_TIMEOUT_SECONDS) as client:
        client.sendall(head + chunk * 2)
        assert b" 413 " in client.recv(64)


@pytest.mark.parametrize("data", [PARTIAL_HEADER, PARTIAL_BODY, PARTIAL_CHUNK], ids=["headers", "bodies", "chunks"])
def test_slow_clients_do_not_hold_up_others(product: Product, data: bytes) -> None:
    """A hundred clients send half a request; a client after them is served at once."""
    with stalled_connections(product.rest["USERS_PORT"], 100, data):
        response = call(product, "USERS_PORT", "GET", "/health", timeout_seconds=8)
        assert response.status == 200
        assert call(product, "USERS_PORT", "POST", "/login", LOGIN).status in {401, 429}


def test_slow_bodies_of_many_clients_do_not_hold_up_others(product: Product) -> None:
    """Twice as many bodies as a port receives at once, from many addresses and from one: another body still arrives."""
    for addresses in ([f"127.0.1.{number}" for number in range(1, 60)], ["127.0.0.1"]):
        with stalled_connections(product.rest["PLACE_ORDER_PORT"], 1100, PARTIAL_BODY, addresses):
            if addresses == ["127.0.0.1"]:
                time.sleep(1)  # while they all begin, they may drive out the body of their own address
            for _ in range(3):
                response = call(product, "PLACE_ORDER_PORT", "POST", "/placeorder", {"book_id": 1}, timeout_seconds=8)
                assert response.status == 401
            assert call(product, "PLACE_ORDER_PORT", "GET", "/health", timeout_seconds=8).status == 200


HOSTS = {
    "none": (b"GET /health HTTP/1.1\r\n\r\n", b"400"),
    "two": (b"GET /health HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", b"400"),
    "none in HTTP/1.0": (b"GET /health HTTP/1.0\r\n\r\n", b"200"),
}


@pytest.mark.parametrize("name", HOSTS)
def test_a_request_names_one_host(product: Product, name: str) -> None:
    """Other requests get 400 as JSON, with the headers of every response, and the connection is closed."""
    request, status = HOSTS[name]
    with socket.create_connection(("127.0.0.1", product.rest["USERS_PORT"]), PROCESS_TIMEOUT_SECONDS) as client:
        client.sendall(request)
        response = b""
        while part := client.recv(KIB):
            response += part
    assert response.split()[1] == status
    assert b"x-request-id: " in response
    assert response.endswith(b"}")


def test_a_body_in_tiny_chunks_is_refused(product: Product) -> None:
    """The gateway reads a thousand of them."""
    head = b"POST /login HTTP/1.1\r\nHost: shop\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    with socket.create_connection(("127.0.0.1", product.rest["USERS_PORT"]), PROCESS_TIMEOUT_SECONDS) as client:
        client.sendall(head + b"1\r\nx\r\n" * 2000)
        assert b" 400 " in client.recv(64)


def test_a_body_in_chunks_is_read(product: Product) -> None:
    """Its parts arrive one after the other, and the connection serves the next request."""
    head = b"POST /login HTTP/1.1\r\nHost: shop\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    with socket.create_connection(("127.0.0.1", product.rest["USERS_PORT"]), PROCESS_TIMEOUT_SECONDS) as client:
        for part in (head, b'2\r\n{"\r\n', b'7\r\nemail":\r\n', b'5\r\n"a"} \r\n', b"0\r\n\r\n"):
            client.sendall(part)
            time.sleep(0.01)
        assert b"HTTP/1.1 400" in client.recv(4 * KIB)
        client.sendall(b"GET /health HTTP/1.1\r\nHost: shop\r\n\r\n")
        assert b"HTTP/1.1 200" in client.recv(4 * KIB)


def test_a_stopped_service_leaves_other_routes_alone(product: Product) -> None:
    """While 300 clients wait for books, port 5002 responds to what needs no service, and other ports to everything."""
    books = product.processes["books"]
    os.kill(books.pid, signal.SIGSTOP)
    try:
        request = b"GET /books/1 HTTP/1.1\r\nHost: shop\r\n\r\n"
        with stalled_connections(product.rest["BOOKS_PORT"], 400, request) as clients:
            for port, path, status in (
                ("BOOKS_PORT", "/health", 200),
                ("BOOKS_PORT", "/nothing", 404),
                ("USERS_PORT", "/ready", 200),
                ("DISPLAY_ORDERS_PORT", "/ready", 200),
            ):
                assert call(product, port, "GET", path, timeout_seconds=3).status == status
            assert call(product, "USERS_PORT", "POST", "/login", LOGIN, timeout_seconds=8).status in {401, 429}
            assert {client.recv(12) for client in clients} == {b"HTTP/1.1 503", b"HTTP/1.1 504"}
    finally:
        os.kill(books.pid, signal.SIGCONT)


@pytest.mark.parametrize(
    "data",
    [
        b"\x00" * KIB,
        b"\xff\xfe" * KIB,
        b"GET\r\n\r\n",
        b"GET /books HTTP/9.9\r\n\r\n",
        b"GET /books HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
        b"POST /login HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef",
        b"POST /login HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\nZZ\r\n",
        b"GET /books HTTP/1.1\r\nHost: a\r\nX: a\nb\r\n c\r\n\x00: d\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x01" * 200,
        HTTP2_PREFACE,
    ],
)
def test_invalid_http_is_refused(product: Product, data: bytes) -> None:
    """Garbage, request smuggling and TLS on a plain port get a 4xx or a closed connection; no app sees them."""
    response = b""
    address = "127.0.0.1", product.rest["BOOKS_PORT"]
    with (
        socket.create_connection(address, PROCESS_TIMEOUT_SECONDS) as client,
        suppress(BrokenPipeError, ConnectionResetError),
    ):
        client.sendall(data)
        response = client.recv(64)
    assert response == b"" or response.startswith(b"HTTP/1.1 4"), response


def frame(frame_type: int, flags: int, stream: int, payload: bytes, length: int | None = None) -> bytes:
    """Return an HTTP/2 frame with the right length, or with the given one."""
    size = len(payload) if length is None else length
    return size.to_bytes(3, "big") + bytes((frame_type, flags)) + stream.to_bytes(4, "big") + payload


SETTINGS = frame(4, 0, 0, b"")
GARBAGE: dict[str, bytes] = {
    "zeros": b"\x00" * 10 * KIB,
    "HTTP/1.1": b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x01" * 200,
    "a frame longer than allowed": HTTP2_PREFACE + SETTINGS + frame(0, 0, 1, b"x", length=2**24 - 1),
    "a frame of an unknown type": HTTP2_PREFACE + SETTINGS + frame(0xEE, 0xFF, 1, b"x" * 100) + b"\xff" * KIB,
    "broken headers": HTTP2_PREFACE + SETTINGS + frame(1, 4, 1, b"\xff" * 500),
    "data without a stream": HTTP2_PREFACE + SETTINGS + frame(0, 1, 99, b"x" * 500),
    "ten thousand resets": HTTP2_PREFACE + SETTINGS + frame(3, 0, 1, b"\0\0\0\x08") * 10_000,
    "ten thousand settings": HTTP2_PREFACE + SETTINGS * 10_000,
    "ten thousand pings": HTTP2_PREFACE + SETTINGS + frame(6, 0, 0, b"x" * 8) * 10_000,
    "headers without an end": HTTP2_PREFACE
    + SETTINGS
    + frame(1, 0, 1, b"\x82")
    + frame(9, 0, 1, b"\x00\x01a\x01b") * 5000,
}


@pytest.mark.parametrize("name", GARBAGE)
def test_garbage_frames_end_their_own_connection_only(product: Product, name: str) -> None:
    """Every service closes the connection, or waits for valid frames."""
    for address in product.addresses.values():
        port = int(address.rpartition(":")[2])
        with (
            socket.create_connection(("127.0.0.1", port), PROCESS_TIMEOUT_SECONDS) as client,
            suppress(OSError),
        ):  # the server has closed it
            client.sendall(GARBAGE[name])
            client.shutdown(socket.SHUT_WR)
            client.recv(64)
        assert health(address) == health_pb2.HealthCheckResponse.SERVING


def test_half_open_connections_do_not_hold_up_other_callers(product: Product) -> None:
    """Two hundred connections stop after their first bytes; a caller after them gets a response."""
    for address in product.addresses.values():
        with stalled_connections(int(address.rpartition(":")[2]), 200, HTTP2_PREFACE[:10]):
            assert health(address) == health_pb2.HealthCheckResponse.SERVING


OVERSIZED_CALLS: dict[str, Callable[[grpc.Channel], object]] = {
    "a message of 2 MiB": lambda channel: _get_book(channel)(
        b"\x0a" + b"x" * 2 * KIB * KIB, timeout=PROCESS_TIMEOUT_SECONDS
    ),
    "metadata of 64 KiB": lambda channel: _get_book(channel)(
        b"", metadata=(("flood", "x" * 64 * KIB),), timeout=PROCESS_TIMEOUT_SECONDS
    ),
    "a token of 12 KiB": lambda channel: _get_book(channel)(
        b"", metadata=(("authorization", "Bearer " + "x" * 12 * KIB),), timeout=PROCESS_TIMEOUT_SECONDS
    ),
}


def _get_book(channel: grpc.Channel) -> "grpc.UnaryUnaryMultiCallable[bytes, bytes]":
    return channel.unary_unary(
        "/bookstore.books.v1.Books/GetBook",
        request_serializer=bytes,
        response_deserializer=bytes,
    )


@pytest.mark.parametrize("name", OVERSIZED_CALLS)
def test_calls_over_the_limit_are_refused(product: Product, name: str) -> None:
    """The code is RESOURCE_EXHAUSTED or UNAUTHENTICATED, and the next caller gets a response."""
    with grpc.insecure_channel(product.addresses["books"]) as channel, pytest.raises(grpc.RpcError) as raised:
        OVERSIZED_CALLS[name](channel)
    assert isinstance(raised.value, grpc.Call)
    assert raised.value.code() in {grpc.StatusCode.RESOURCE_EXHAUSTED, grpc.StatusCode.UNAUTHENTICATED}


def test_an_attack_on_one_port_does_not_affect_another(product: Product) -> None:
    """Each port has its own process: while one is busy with slow clients, the others respond as usual."""
    with stalled_connections(product.rest["USERS_PORT"], 300, PARTIAL_BODY):
        responses: list[Response] = [
            call(product, "BOOKS_PORT", "GET", "/books/1", timeout_seconds=8) for _ in range(5)
        ]
    assert [response.status for response in responses] == [200] * 5


def test_a_body_that_does_not_arrive_times_out(stalled: dict[str, Future[Stalled]]) -> None:
    """The status is 408 after ten seconds, and the gateway closes the connection."""
    response, seconds = stalled["USERS_PORT"].result()
    assert b" 408 " in response
    assert seconds > 9


def test_headers_that_do_not_arrive_time_out(stalled: dict[str, Future[Stalled]]) -> None:
    """The gateway closes the connection after fifteen seconds."""
    response, seconds = stalled["BOOKS_PORT"].result()
    assert response == b""
    assert seconds > 14
