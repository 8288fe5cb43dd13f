"""Messages of the accounts and sessions."""

from typing import Literal

from typing_extensions import TypedDict

from gateway.messages.common import Request, required_in_docs


class RegisterRequest(Request):
    """An account to create."""

    model_config = required_in_docs("username", "email", "password")

    username: str = ""
    email: str = ""
    password: str = ""


class LoginRequest(Request):
    """An account to log in to."""

    model_config = required_in_docs("email", "password")

    email: str = ""
    password: str = ""


class User(TypedDict):
    """An account."""

    user_id: int
    email: str
    username: str


class RegisterResponse(TypedDict):
    """The account that was created."""

    code: Literal[201]
    data: User


class TokenResponse(TypedDict):
    """The access token. The refresh token is in the cookie."""

    code: Literal[200]
    access_token: str
