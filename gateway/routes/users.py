"""Port 5001: accounts and sessions."""

from datetime import UTC, datetime

import grpc
from bookstore.users.v1 import users_pb2 as pb
from bookstore.users.v1.users_pb2_grpc import UsersStub
from flask import Response, request
from google.protobuf.timestamp_pb2 import Timestamp

from gateway.config import Config
from gateway.http.auth import Authenticator
from gateway.http.cors import Cors
from gateway.http.errors import ApiError, api_error
from gateway.http.lanes import PASSWORDS
from gateway.http.rate_limits import Excess, RateLimit, client_ip, excess
from gateway.http.responses import json_response
from gateway.http.routing import RouteGroup
from gateway.messages.common import MessageResponse
from gateway.messages.users import LoginRequest, RegisterRequest, RegisterResponse, TokenResponse
from mesh.client import parse_failure

COOKIE = "refresh_token"
COOKIE_PATH = "/refresh-token"
DEVICE_COOKIE = "device"
DEVICE_COOKIE_PATH = "/login"
RESTRICTIONS = {
    Excess.NONE: pb.LOGIN_RESTRICTION_UNSPECIFIED,
    Excess.BEYOND: pb.LOGIN_RESTRICTION_NO_FAILURES,
    Excess.TWICE: pb.LOGIN_RESTRICTION_KNOWN_DEVICE,
}
MAX_COOKIE_LENGTH = 4096
"""Characters; no browser stores a longer cookie."""

routes = RouteGroup("users", port="users", service="users")


@routes.post(
    "/register",
    RegisterResponse,
    status=201,
    body=RegisterRequest,
    errors=(409,),
    rate_limit=RateLimit("register"),
    lane=PASSWORDS,
)
def register(users: UsersStub, body: RegisterRequest) -> RegisterResponse:
    """Create an account."""
    message = pb.RegisterRequest(
        username=body.username, email=body.email, password=body.password, client_address=client_ip()
    )
    try:
        user = users.Register(message).user
    except grpc.RpcError as error:
        failure, response = parse_failure(error), api_error(error, "users")
        if failure.reason in {"EMAIL_TAKEN", "PASSWORD_TOO_SHORT"} or "email" in failure.fields:
            response.data = {"email": body.email}
        raise response from None
    return {"code": 201, "data": {"user_id": user.user_id, "email": user.email, "username": user.username}}


@routes.post(
    "/login",
    TokenResponse,
    body=LoginRequest,
    errors=(401, 403),
    rate_limit=RateLimit("login", failures_only=True, exempt_cookie=DEVICE_COOKIE),
    lane=PASSWORDS,
)
def login(users: UsersStub, cors: Cors, config: Config, body: LoginRequest) -> Response:
    """Log in and open a session."""
    _check_origin(cors, "log in")  # another site could log the visitor in to an account of its own
    device_token = request.cookies.get(DEVICE_COOKIE, "")
    message = pb.LoginRequest(
        email=body.email,
        password=body.password,
        client_address=client_ip(),
        device_token=device_token if len(device_token) <= MAX_COOKIE_LENGTH else "",
        restriction=RESTRICTIONS[excess()],
    )
    login = users.Login(message)
    response = _token_response(login.tokens, secure=config.cookie_secure)
    if login.device_token:
        _set_cookie(
            response,
            DEVICE_COOKIE,
            login.device_token,
            login.device_expire_time,
            path=DEVICE_COOKIE_PATH,
            secure=config.cookie_secure,
        )
    return response


@routes.post(
    "/refresh-token",
    TokenResponse,
    cookie=COOKIE,
    errors=(400, 401, 403),
    rate_limit=RateLimit("refresh"),
)
def refresh_token(users: UsersStub, cors: Cors, config: Config) -> Response:
    """Return a new access token and rotate the refresh token."""
    _check_site("refresh tokens")
    _check_origin(cors, "refresh tokens")  # the browser sends the cookie with requests of other sites, too
    cookie = _refresh_token()
    if len(cookie) > MAX_COOKIE_LENGTH:
        raise ApiError(401, "Invalid refresh token.")
    tokens = users.Refresh(pb.RefreshRequest(refresh_token=cookie, client_address=client_ip())).tokens
    return _token_response(tokens, secure=config.cookie_secure)


@routes.post("/logout", MessageResponse, errors=(403,))
def logout(users: UsersStub, cors: Cors, config: Config, authenticator: Authenticator) -> Response:
    """End the session of the access token or else of the cookie, even if they have expired."""
    _check_site("log out")
    _check_origin(cors, "log out")
    session_id = authenticator.session_id("" if "Authorization" in request.headers else _refresh_token())
    if session_id is not None:
        users.Logout(pb.LogoutRequest(session_id=session_id, client_address=client_ip()))
    payload: MessageResponse = {"code": 200, "message": "Logged out"}
    response = json_response(payload)
    response.delete_cookie(COOKIE, COOKIE_PATH, secure=config.cookie_secure, httponly=True, samesite="Strict")
    return response


def _refresh_token() -> str:
    """Return the refresh token in the cookie, or an empty text.

    Raises:
        ApiError: 401 when there are two; another host of the domain may have set one of them.
    """
    tokens = request.cookies.getlist(COOKIE)
    if len(tokens) > 1:
        raise ApiError(401, "Invalid refresh token.")
    return "".join(tokens)


def _check_site(action: str) -> None:
    """Raise 403 for a page of another site, even if CORS allows it: browsers send no strict cookie from there."""
    if request.headers.get("Sec-Fetch-Site") == "cross-site":
        message = f"Forbidden. Pages of another site may not {action}."
        raise ApiError(403, message)


def _check_origin(cors: Cors, action: str) -> None:
    """Raise 403 for a page of another site.

    The browser sets `Sec-Fetch-Site`, and a page cannot change it, so that /docs may send these requests.
    """
    same_origin = request.headers.get("Sec-Fetch-Site") == "same-origin"
    if not same_origin and not cors.allows(request.headers.get("Origin")):
        message = f"Forbidden. This origin may not {action}."
        raise ApiError(403, message)


def _token_response(tokens: pb.TokenPair, *, secure: bool) -> Response:
    payload: TokenResponse = {"code": 200, "access_token": tokens.access_token}
    response = json_response(payload)
    _set_cookie(response, COOKIE, tokens.refresh_token, tokens.refresh_expire_time, path=COOKIE_PATH, secure=secure)
    return response


def _set_cookie(response: Response, name: str, value: str, expire_time: Timestamp, *, path: str, secure: bool) -> None:
    expires = expire_time.ToDatetime(UTC)
    response.set_cookie(
        name,
        value,
        max_age=max(0, int((expires - datetime.now(UTC)).total_seconds())),
        expires=expires,
        path=path,
        secure=secure,
        httponly=True,
        samesite="Strict",
    )
