"""Floods, garbage and slow clients at every door: the processes live, and others are served meanwhile."""

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from tests.harness import DESCRIPTORS, PATIENCE, Product, running
from tests.rest import Reply, call, wait_for_gateway

pytestmark = pytest.mark.integration

KIB = 1024
LOGIN = {"email": "nobody@example.org", "password": "x"}
HALF_A_HEADER = b"GET /books HTTP/1.1\r\nHost: shop\r\nX-Slow: "
HALF_A_BODY = b"POST /login HTTP/1.1\r\nHost: shop\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"
HALF_A_CHUNK = (
    b"POST /login HTTP/1.1\r\nHost: shop\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n{"
)
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """The services and the gateway as processes."""
    with running(tmp_path_factory.mktemp("edges"), *DESCRIPTORS, "gateway") as started:
        wait_for_gateway(started)
        yield started


@pytest.fixture(autouse=True)
def unharmed(product: Product) -> Iterator[None]:
    """After each test, every door answers as before, by the same processes."""
    before = {name: process.pid for name, process in product.processes.items()}
    yield
    assert all(process.alive() for process in product.processes.values())
    assert {name: process.pid for name, process in product.processes.items()} == before
    assert_served(product)
    for address in product.addresses.values():
        assert health(address) == health_pb2.HealthCheckResponse.SERVING


def assert_served(product: Product) -> None:
    """A reader gets a book and an answer to a log-in."""
    assert call(product, "BOOKS_PORT", "GET", "/books/1").status == 200
    assert call(product, "USERS_PORT", "POST", "/login", LOGIN).status in {401, 429}


def health(address: str) -> int:
    """How a service says it is."""
    with grpc.insecure_channel(address) as channel:
        request = health_pb2.HealthCheckRequest()
        return int(health_pb2_grpc.HealthStub(channel).Check(request, timeout=PATIENCE, wait_for_ready=True).status)


@contextmanager
def crowd(port: int, size: int, sent: bytes) -> Iterator[list[socket.socket]]:
    """So many connections, each of which has sent that much and says no more."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.create_connection(("127.0.0.1", port), PATIENCE)) for _ in range(size)]
        for each in sockets:
            each.sendall(sent)
        yield sockets


FLOODS: dict[str, dict[str, str]] = {
    "one header of 128 KiB": {"X-Flood": "x" * 128 * KIB},
    "a cookie of 128 KiB": {"Cookie": "refresh_token=" + "x" * 128 * KIB},
    "a bearer of 128 KiB": {"Authorization": "Bearer " + "x" * 128 * KIB},
    "five hundred headers": {f"X-Flood-{number}": "x" for number in range(500)},
}


@pytest.mark.parametrize("name", FLOODS)
def test_a_flood_of_headers_is_refused(product: Product, name: str) -> None:
    """With a 4xx, before any of it is looked at."""
    for port, path in (("BOOKS_PORT", "/books"), ("USERS_PORT", "/refresh-token")):
        try:
            status = call(product, port, "POST" if path != "/books" else "GET", path, headers=FLOODS[name]).status
        except (BrokenPipeError, ConnectionResetError):  # it has answered and closed before we were done
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
def test_odd_cookies_are_no_tokens(product: Product, cookie: str, status: int) -> None:
    """Many, long and malformed ones are refused in the contract's words."""
    reply = call(product, "USERS_PORT", "POST", "/refresh-token", headers={"Cookie": cookie})
    assert (reply.status, reply.json["code"]) == (status, status)


def padded(size: int) -> bytes:
    """JSON of exactly that many bytes."""
    start, end = b'{"email": "nobody@example.org", "password": "x', b'"}'
    return start + b"x" * (size - len(start) - len(end)) + end


def test_a_body_of_64_kib_is_read_and_one_byte_more_is_not(product: Product) -> None:
    """The limit is exact, and its sentence is the contract's."""
    whole = call(product, "USERS_PORT", "POST", "/login", padded(64 * KIB), {"Content-Type": "application/json"})
    assert (whole.status, whole.json["message"]) == (400, "password must be at most 1024 characters.")
    over = call(product, "USERS_PORT", "POST", "/login", padded(64 * KIB + 1), {"Content-Type": "application/json"})
    assert over.json == {"code": 413, "message": "The body is larger than 64 KiB."}


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_of_50_mib_is_refused_at_its_64th_kib(product: Product, *, chunked: bool) -> None:
    """Whether it says its length or not; nobody reads or keeps the rest."""
    kind = b"Transfer-Encoding: chunked" if chunked else b"Content-Length: 52428800"
    piece = b"10000\r\n" + b"x" * 64 * KIB + b"\r\n" if chunked else b"x" * 64 * KIB
    head = b"POST /login HTTP/1.1\r\nHost: shop\r\nContent-Type: application/json\r\n" + kind + b"\r\n\r\n"
    with socket.create_connection(("127.0.0.1", product.rest["USERS_PORT"]), PATIENCE) as client:
        client.sendall(head + piece * 2)
        assert b" 413 " in client.recv(64)


@pytest.mark.parametrize("sent", [HALF_A_HEADER, HALF_A_BODY, HALF_A_CHUNK], ids=["headers", "bodies", "chunks"])
def test_slow_clients_do_not_hold_up_others(product: Product, sent: bytes) -> None:
    """A hundred of them say half of what they have to say; whoever comes after is served at once."""
    with crowd(product.rest["USERS_PORT"], 100, sent):
        reply = call(product, "USERS_PORT", "GET", "/health", timeout=8)
        assert reply.status == 200
        assert call(product, "USERS_PORT", "POST", "/login", LOGIN).status in {401, 429}


def test_a_body_that_does_not_come_is_given_up(product: Product) -> None:
    """408 after ten seconds, and the thread that waited for it is free again."""
    with crowd(product.rest["USERS_PORT"], 1, HALF_A_BODY) as (slow,):
        assert b" 408 " in slow.recv(64)


def test_headers_that_do_not_come_are_given_up(product: Product) -> None:
    """The connection is closed after fifteen seconds."""
    with crowd(product.rest["BOOKS_PORT"], 1, HALF_A_HEADER) as (slow,):
        assert slow.recv(64) == b""


@pytest.mark.parametrize(
    "sent",
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
        PREFACE,
    ],
)
def test_what_is_no_http_is_refused(product: Product, sent: bytes) -> None:
    """Garbage, smuggling and TLS at a port without it: a 4xx or a closed connection, never an answer of an app."""
    answer = b""
    place = "127.0.0.1", product.rest["BOOKS_PORT"]
    with socket.create_connection(place, PATIENCE) as client, suppress(BrokenPipeError, ConnectionResetError):
        client.sendall(sent)
        answer = client.recv(64)
    assert answer == b"" or answer.startswith(b"HTTP/1.1 4"), answer


def frame(kind: int, flags: int, stream: int, payload: bytes, length: int | None = None) -> bytes:
    """An HTTP/2 frame, with a length of its own or a wrong one."""
    size = len(payload) if length is None else length
    return size.to_bytes(3, "big") + bytes((kind, flags)) + stream.to_bytes(4, "big") + payload


SETTINGS = frame(4, 0, 0, b"")
GARBAGE: dict[str, bytes] = {
    "zeros": b"\x00" * 10 * KIB,
    "HTTP/1.1": b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x01" * 200,
    "a frame longer than allowed": PREFACE + SETTINGS + frame(0, 0, 1, b"x", length=2**24 - 1),
    "a frame of no known kind": PREFACE + SETTINGS + frame(0xEE, 0xFF, 1, b"x" * 100) + b"\xff" * KIB,
    "broken headers": PREFACE + SETTINGS + frame(1, 4, 1, b"\xff" * 500),
    "data without a stream": PREFACE + SETTINGS + frame(0, 1, 99, b"x" * 500),
    "ten thousand resets": PREFACE + SETTINGS + frame(3, 0, 1, b"\0\0\0\x08") * 10_000,
    "ten thousand settings": PREFACE + SETTINGS * 10_000,
    "ten thousand pings": PREFACE + SETTINGS + frame(6, 0, 0, b"x" * 8) * 10_000,
    "headers without an end": PREFACE + SETTINGS + frame(1, 0, 1, b"\x82") + frame(9, 0, 1, b"\x00\x01a\x01b") * 5000,
}


@pytest.mark.parametrize("name", GARBAGE)
def test_garbage_frames_end_their_own_connection_only(product: Product, name: str) -> None:
    """Every service closes the door on it, or waits for better."""
    for address in product.addresses.values():
        port = int(address.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port), PATIENCE) as client, suppress(OSError):  # it was closed
            client.sendall(GARBAGE[name])
            client.shutdown(socket.SHUT_WR)
            client.recv(64)
        assert health(address) == health_pb2.HealthCheckResponse.SERVING


def test_half_open_connections_do_not_hold_up_other_callers(product: Product) -> None:
    """Two hundred that stop after their first bytes; a caller after them is answered."""
    for address in product.addresses.values():
        with crowd(int(address.rpartition(":")[2]), 200, PREFACE[:10]):
            assert health(address) == health_pb2.HealthCheckResponse.SERVING


SIZES: dict[str, Callable[[grpc.Channel], object]] = {
    "a message of 2 MiB": lambda channel: _raw(channel)(b"\x0a" + b"x" * 2 * KIB * KIB, timeout=PATIENCE),
    "metadata of 64 KiB": lambda channel: _raw(channel)(b"", metadata=(("flood", "x" * 64 * KIB),), timeout=PATIENCE),
    "a token of 12 KiB": lambda channel: _raw(channel)(
        b"", metadata=(("authorization", "Bearer " + "x" * 12 * KIB),), timeout=PATIENCE
    ),
}


def _raw(channel: grpc.Channel) -> "grpc.UnaryUnaryMultiCallable[bytes, bytes]":
    return channel.unary_unary(
        "/bookstore.books.v1.Books/GetBook",
        request_serializer=lambda sent: sent,
        response_deserializer=lambda received: received,
    )


@pytest.mark.parametrize("name", SIZES)
def test_calls_over_the_limit_are_refused(product: Product, name: str) -> None:
    """RESOURCE_EXHAUSTED or UNAUTHENTICATED, and the next caller is answered."""
    with grpc.insecure_channel(product.addresses["books"]) as channel, pytest.raises(grpc.RpcError) as raised:
        SIZES[name](channel)
    assert isinstance(raised.value, grpc.Call)
    assert raised.value.code() in {grpc.StatusCode.RESOURCE_EXHAUSTED, grpc.StatusCode.UNAUTHENTICATED}


def test_an_attack_on_one_port_is_none_on_another(product: Product) -> None:
    """The five ports are five processes: while one is busy with slow clients, the others do not notice."""
    with crowd(product.rest["USERS_PORT"], 300, HALF_A_BODY):
        replies: list[Reply] = [call(product, "BOOKS_PORT", "GET", "/books/1", timeout=8) for _ in range(5)]
    assert [reply.status for reply in replies] == [200] * 5
