"""Port 5001: accounts and sessions."""

from datetime import UTC, datetime

import grpc
from bookstore.users.v1 import users_pb2 as pb
from bookstore.users.v1 import users_pb2_grpc
from flask import Response, request

from gateway import replies
from gateway.answers import respond, success
from gateway.auth import Gate
from gateway.bodies import Credentials, Registration
from gateway.cors import Cors
from gateway.errors import Refusal, refusal
from gateway.rates import Limits
from gateway.rows import Row, RowSet
from mesh.client import parse_failure

COOKIE = "refresh_token"
COOKIE_PATH = "/refresh-token"
LONGEST = 4096
"""Characters; no browser keeps a longer cookie."""


class Users:
    """The rows of port 5001.

    Args:
        users: the service behind them.
        gate: reads the session's tokens at log-out.
        cors: knows the origins that may use the cookie.
        limits: how often one address may ask.
        secure: whether the cookie is for TLS (and localhost) only.
    """

    def __init__(
        self, users: users_pb2_grpc.UsersStub, gate: Gate, cors: Cors, limits: Limits, *, secure: bool
    ) -> None:
        self._users = users
        self._gate = gate
        self._cors = cors
        self._limits = limits
        self._secure = secure

    def rows(self) -> RowSet:
        """What the port serves."""
        token, limits = replies.TokenAnswer, self._limits
        return RowSet("users", "users", ("users",), [
            Row(method="POST", path="/register", view=limits.every("register", self.register), body=Registration,
                answer=replies.UserAnswer, status=201, refuses=(409, 429)),
            Row(method="POST", path="/login", view=limits.failures("login", self.login), body=Credentials, answer=token,
                refuses=(401, 403, 429)),
            Row(method="POST", path="/refresh-token", view=limits.every("refresh", self.refresh_token), answer=token,
                cookie=COOKIE, refuses=(400, 401, 403, 429)),
            Row(method="POST", path="/logout", view=self.logout, answer=replies.MessageAnswer, refuses=(403,)),
        ], limits.install)  # fmt: skip

    def register(self, body: Registration) -> Response:
        """Creates an account."""
        asked = pb.RegisterRequest(username=body.username, email=body.email, password=body.password)
        try:
            user = self._users.Register(asked).user
        except grpc.RpcError as error:
            told, refused = parse_failure(error), refusal(error, "users")
            if told.reason in {"EMAIL_TAKEN", "PASSWORD_TOO_SHORT"} or "email" in told.fields:
                refused.data = {"email": body.email}
            raise refused from None
        return success({"user_id": user.user_id, "email": user.email, "username": user.username}, 201)

    def login(self, body: Credentials) -> Response:
        """Opens a session."""
        self._check_origin("log in")  # a foreign page could log the visitor in to its own account
        return self._opened(self._users.Login(pb.LoginRequest(email=body.email, password=body.password)).tokens)

    def refresh_token(self) -> Response:
        """Rotates the session's refresh token."""
        self._check_origin("refresh tokens")  # a foreign page could send the cookie along
        cookie = _cookie()
        if len(cookie) > LONGEST:
            raise Refusal(401, "Invalid refresh token.")
        return self._opened(self._users.Refresh(pb.RefreshRequest(refresh_token=cookie)).tokens)

    def logout(self) -> Response:
        """Ends the session of the bearer, or else of the cookie, whether or not their time is over."""
        self._check_origin("log out")
        session = self._gate.session(_cookie())
        if session is not None:
            self._users.Logout(pb.LogoutRequest(session_id=session))
        response = respond({"code": 200, "message": "Logged out"})
        response.delete_cookie(COOKIE, COOKIE_PATH, secure=self._secure, httponly=True, samesite="Strict")
        return response

    def _check_origin(self, what: str) -> None:
        if not self._cors.allows(request.headers.get("Origin")):
            message = f"Forbidden. This origin may not {what}."
            raise Refusal(403, message)

    def _opened(self, tokens: pb.TokenPair) -> Response:
        expires = tokens.refresh_expire_time.ToDatetime(UTC)
        response = respond({"code": 200, "access_token": tokens.access_token})
        response.set_cookie(
            COOKIE,
            tokens.refresh_token,
            max_age=max(0, int((expires - datetime.now(UTC)).total_seconds())),
            expires=expires,
            path=COOKIE_PATH,
            secure=self._secure,
            httponly=True,
            samesite="Strict",
        )
        return response


def _cookie() -> str:
    return request.cookies.get(COOKIE, "")
