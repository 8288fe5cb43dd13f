"""Sessions through real processes: two users services on one database behind the gateway."""

import re
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
from tests.harness import DESCRIPTORS, MESH_SECRET, Product, running_product
from tests.rest import Response, call, wait_for_gateway

pytestmark = pytest.mark.integration

PASSWORD = "correct horse"
MAX_FAILURES = 3
"""Failed log-ins per minute and address."""


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """The gateway, the users service, and the services that the other ports need."""
    settings = {"RATE_LIMIT_REFRESH": "off", "RATE_LIMIT_LOGIN": f"{MAX_FAILURES} per minute"}
    with running_product(tmp_path_factory.mktemp("sessions"), *DESCRIPTORS, "gateway", settings=settings) as started:
        wait_for_gateway(started)
        yield started


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
    """The product's database."""
    database = Database(parse_url(f"sqlite:///{product.folder}/data/bookstore.db"))
    yield database
    database.close()


@pytest.fixture
def login(product: Product) -> Response:
    """The response to the log-in of a new user."""
    email = f"{uuid.uuid4().hex}@example.org"
    call(product, "USERS_PORT", "POST", "/register", {"username": "Ann", "email": email, "password": PASSWORD})
    return call(product, "USERS_PORT", "POST", "/login", {"email": email, "password": PASSWORD})


def refresh(product: Product, cookie: str) -> Response:
    """Refresh with a cookie, and return the response."""
    return call(product, "USERS_PORT", "POST", "/refresh-token", headers={"Cookie": f"refresh_token={cookie}"})


def family(cookie: str) -> str:
    """Return the session of a refresh token."""
    return str(jwt.decode(cookie, options={"verify_signature": False})["sid"])


def test_twenty_refreshes_at_once_log_no_user_out(product: Product, login: Response, database: Database) -> None:
    """All get the same successor, which works; one new token is stored, not twenty."""
    with ThreadPoolExecutor(20) as pool:
        responses = list(pool.map(lambda _: refresh(product, login.cookie), range(20)))
    assert [response.status for response in responses] == [200] * 20
    (successor,) = {response.cookie for response in responses}
    assert successor != login.cookie
    assert count(database, "RefreshTokens", f"family = '{family(login.cookie)}'") == 2
    assert refresh(product, successor).status == 200


def test_two_services_agree_on_one_successor(
    product: Product, twin: Product, login: Response, database: Database
) -> None:
    """Ten requests go to each process: the database selects one winner."""
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
    product: Product, login: Response, database: Database
) -> None:
    """Reuse after the grace period is refused, and revokes the owner's tokens as well."""
    owner_cookie = refresh(product, login.cookie).cookie
    execute(database, "UPDATE RefreshTokens SET used_at = '2020-01-01 00:00:00.000000' WHERE used_at IS NOT NULL")
    response = refresh(product, login.cookie)
    assert (response.status, response.json["message"]) == (401, "Invalid refresh token.")
    for cookie in (owner_cookie, login.cookie):
        assert refresh(product, cookie).status == 401
    assert call(product, "DISPLAY_ORDERS_PORT", "GET", "/myorders", headers=bearer(login)).status == 200


def test_a_rotated_cookie_lasts_no_longer_than_the_first(product: Product, login: Response) -> None:
    """Rotation does not extend a session beyond one day after its log-in."""
    first, latest = login.cookie, login.cookie
    for _ in range(3):
        latest = refresh(product, latest).cookie
    expiries = [jwt.decode(cookie, options={"verify_signature": False})["exp"] for cookie in (first, latest)]
    assert expiries[0] == expiries[1]


@pytest.mark.parametrize("credential", ["bearer", "expired bearer", "cookie"])
def test_a_logout_revokes_the_cookie(product: Product, login: Response, credential: str) -> None:
    """With the access token, with an expired access token, and with the cookie alone."""
    headers = {"Cookie": f"refresh_token={login.cookie}"} if credential == "cookie" else bearer(login)
    if credential == "expired bearer":
        claims = jwt.decode(login.json["access_token"], options={"verify_signature": False})
        expired = jwt.encode({**claims, "iat": 1000, "exp": 2000}, product.environ["JWT_SECRET_KEY"], "HS256")
        headers = {"Authorization": f"Bearer {expired}"}
    response = call(product, "USERS_PORT", "POST", "/logout", headers=headers)
    assert (response.status, response.json["message"], response.cookie) == (200, "Logged out", "")
    assert refresh(product, login.cookie).status == 401


def bearer(login: Response) -> dict[str, str]:
    """Return the Authorization header after a log-in."""
    return {"Authorization": f"Bearer {login.json['access_token']}"}


def test_guesses_keep_no_other_user_of_the_address_out(product: Product) -> None:
    """Beyond the address's limit, another account and a known device are served, and the guessed account is not."""
    emails = [f"{uuid.uuid4().hex}@example.org" for _ in range(2)]
    ann, bob = ({"username": "Ann", "email": email, "password": PASSWORD} for email in emails)
    for account in (ann, bob):
        assert call(product, "USERS_PORT", "POST", "/register", account).status == 201
    first = call(product, "USERS_PORT", "POST", "/login", ann)
    device = first.headers.get_all("Set-Cookie", [])[1].partition(";")[0]
    wrong = {**ann, "password": "wrong horse"}
    statuses = [call(product, "USERS_PORT", "POST", "/login", wrong).status for _ in range(MAX_FAILURES)]
    assert statuses == [401] * MAX_FAILURES
    refused = call(product, "USERS_PORT", "POST", "/login", ann)
    assert (refused.status, refused.json["message"]) == (429, "Too many requests. Please try again later.")
    assert int(refused.headers["Retry-After"]) >= 1
    assert call(product, "USERS_PORT", "POST", "/login", bob).status == 200
    assert call(product, "USERS_PORT", "POST", "/login", ann, {"Cookie": device}).status == 200
    log = product.processes["users"].log.read_text()
    for event in ("logged in", "log-in failed", "log-in throttled"):
        assert re.search(f'"user_id":[0-9]+,.*"address":"127.0.0.1".*"event":"{event}"', log), event
    assert [email for email in emails if email in log] == []
