"""Sessions through real processes: two users services on one database, and the gateway in front."""

import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import jwt
import pytest
from bookstore.users.v1 import users_pb2, users_pb2_grpc

from database.engine import Database, parse_url
from database.tests.rows import count, execute
from mesh.client import connect
from mesh.identity import Signer
from tests.harness import MESH_SECRET, Product, running
from tests.rest import Reply, call, wait_for_gateway

pytestmark = pytest.mark.integration

PASSWORD = "correct horse"


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """The users service and the gateway, with the others that its ports ask for."""
    settings = {"RATE_LIMIT_REFRESH": "off"}
    with running(tmp_path_factory.mktemp("sessions"), "users", "books", "orders", "gateway", settings=settings) as made:
        wait_for_gateway(made)
        yield made


@pytest.fixture(scope="module")
def twin(product: Product) -> Iterator[Product]:
    """A second users service on the same database."""
    other = Product(product.folder / "twin", {"dbURL": f"sqlite:///{product.folder}/data/bookstore.db"})
    other.folder.mkdir()
    try:
        other.start("users")
        yield other
    finally:
        other.stop()


@pytest.fixture
def database(product: Product) -> Iterator[Database]:
    """The database, seen from outside."""
    opened = Database(parse_url(f"sqlite:///{product.folder}/data/bookstore.db"))
    yield opened
    opened.close()


@pytest.fixture
def login(product: Product) -> Reply:
    """The answer to a new reader's log-in."""
    email = f"{uuid.uuid4().hex}@example.org"
    call(product, "USERS_PORT", "POST", "/register", {"username": "Ann", "email": email, "password": PASSWORD})
    return call(product, "USERS_PORT", "POST", "/login", {"email": email, "password": PASSWORD})


def refresh(product: Product, cookie: str) -> Reply:
    """What a refresh with that cookie is answered."""
    return call(product, "USERS_PORT", "POST", "/refresh-token", headers={"Cookie": f"refresh_token={cookie}"})


def family(cookie: str) -> str:
    """The session that a token belongs to."""
    return str(jwt.decode(cookie, options={"verify_signature": False})["sid"])


def test_twenty_refreshes_at_once_log_nobody_out(product: Product, login: Reply, database: Database) -> None:
    """All get the same successor, which works; there is one new token, not twenty."""
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: refresh(product, login.cookie), range(20)))
    assert [answer.status for answer in answers] == [200] * 20
    (successor,) = {answer.cookie for answer in answers}
    assert successor != login.cookie
    assert count(database, "RefreshTokens", f"family = '{family(login.cookie)}'") == 2
    assert refresh(product, successor).status == 200


def test_two_services_agree_on_one_successor(product: Product, twin: Product, login: Reply, database: Database) -> None:
    """Half of twenty ask one process, half the other: the database picks the winner."""
    targets = [each.target("users") for each in (product, twin)]
    channels = [connect(target, Signer("gateway", MESH_SECRET)) for target in targets]
    stubs = [users_pb2_grpc.UsersStub(channel) for channel in channels]

    def rotate(number: int) -> str:
        request = users_pb2.RefreshRequest(refresh_token=login.cookie)
        return stubs[number % 2].Refresh(request, timeout=30).tokens.refresh_token

    with ThreadPoolExecutor(20) as pool:
        successors = set(pool.map(rotate, range(20)))
    for channel in channels:
        channel.close()
    assert len(successors) == 1
    assert count(database, "RefreshTokens", f"family = '{family(login.cookie)}'") == 2


def test_a_stolen_token_ends_the_session_for_thief_and_owner(
    product: Product, login: Reply, database: Database
) -> None:
    """Used again after the grace it gives nothing, and what the owner holds is dead, too."""
    owners = refresh(product, login.cookie).cookie
    execute(database, "UPDATE RefreshTokens SET used_at = '2020-01-01 00:00:00.000000' WHERE used_at IS NOT NULL")
    stolen = refresh(product, login.cookie)
    assert (stolen.status, stolen.json["message"]) == (401, "Invalid refresh token.")
    for cookie in (owners, login.cookie):
        assert refresh(product, cookie).status == 401
    assert call(product, "DISPLAY_ORDERS_PORT", "GET", "/myorders", headers=bearer(login)).status == 200


def test_a_rotated_cookie_lasts_no_longer_than_the_first(product: Product, login: Reply) -> None:
    """However often it is rotated, a session ends a day after its log-in."""
    first, last = login.cookie, login.cookie
    for _ in range(3):
        last = refresh(product, last).cookie
    ends = [jwt.decode(cookie, options={"verify_signature": False})["exp"] for cookie in (first, last)]
    assert ends[0] == ends[1]


@pytest.mark.parametrize("way", ["bearer", "expired bearer", "cookie"])
def test_after_a_logout_the_cookie_is_dead(product: Product, login: Reply, way: str) -> None:
    """By the access token, by one whose time is over, and by the cookie itself."""
    headers = {"Cookie": f"refresh_token={login.cookie}"} if way == "cookie" else bearer(login)
    if way == "expired bearer":
        claims = jwt.decode(login.json["access_token"], options={"verify_signature": False})
        old = jwt.encode({**claims, "iat": 1000, "exp": 2000}, product.environ["JWT_SECRET_KEY"], "HS256")
        headers = {"Authorization": f"Bearer {old}"}
    answer = call(product, "USERS_PORT", "POST", "/logout", headers=headers)
    assert (answer.status, answer.json["message"], answer.cookie) == (200, "Logged out", "")
    assert refresh(product, login.cookie).status == 401


def bearer(login: Reply) -> dict[str, str]:
    """The header of somebody who is logged in."""
    return {"Authorization": f"Bearer {login.json['access_token']}"}
