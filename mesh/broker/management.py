"""Requests to the management API of RabbitMQ, which creates accounts."""

import base64
import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from http.client import HTTPException
from typing import Any
from urllib.parse import quote

REQUEST_TIMEOUT_SECONDS = 10


class ManagementError(Exception):
    """The management API refused a request; the message is one sentence without a password."""


class NotReachableError(ManagementError):
    """The management API does not respond."""


@dataclass(frozen=True)
class Management:
    """The management API of a broker.

    Args:
        url: its address, such as `http://localhost:15672`.
        user: an administrator's account.
        password: its password.
    """

    url: str
    user: str
    password: str = field(repr=False)

    def check(self) -> None:
        """Check that the API responds and that the account is an administrator's.

        Raises:
            ManagementError: it does not respond, or refuses the account.
        """
        tags = self._request("GET", "whoami")["tags"]
        if "administrator" not in (tags.split(",") if isinstance(tags, str) else tags):
            message = f"RABBIT_USER: {self.user} is not an administrator of the broker at {self.url}."
            raise ManagementError(message)

    def put_user(self, name: str, password: str) -> None:
        """Create an account that may not use the management API, or change its password."""
        self._request("PUT", f"users/{quote(name, safe='')}", {"password": password, "tags": ""})

    def put_permissions(self, vhost: str, user: str, permissions: Mapping[str, str]) -> None:
        """Set what an account may configure, write and read in a virtual host."""
        self._request("PUT", _permissions(vhost, user), dict(permissions))

    def delete_permissions(self, vhost: str, user: str) -> None:
        """Remove an account from a virtual host."""
        self._request("DELETE", _permissions(vhost, user))

    def vhosts_of(self, user: str) -> list[str]:
        """Return the virtual hosts that an account may use."""
        return [entry["vhost"] for entry in self._request("GET", f"users/{quote(user, safe='')}/permissions")]

    def _request(self, method: str, path: str, body: object = None) -> Any:  # noqa: ANN401 - parsed JSON
        credentials = base64.b64encode(f"{self.user}:{self.password}".encode()).decode()
        request = urllib.request.Request(  # noqa: S310 - the settings allow http and https only
            f"{self.url}/api/{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Basic {credentials}", "Content-Type": "application/json"},
        )
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # a proxy would see the passwords
        try:
            with opener.open(request, timeout=REQUEST_TIMEOUT_SECONDS) as response:
                text = response.read()
        except urllib.error.HTTPError as error:
            with error:
                raise self._refused(error.code, error.read()) from None
        except (OSError, HTTPException) as error:
            message = f"The management API of the broker at {self.url} does not respond: {error}."
            raise NotReachableError(message) from None
        return json.loads(text) if text else None

    def _refused(self, status: int, body: bytes) -> ManagementError:
        if status == HTTPStatus.UNAUTHORIZED:
            return ManagementError(f"The broker at {self.url} does not accept RABBIT_USER and RABBIT_PW.")
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return NotReachableError(f"The management API of the broker at {self.url} is not ready: status {status}.")
        reason = body.decode(errors="replace")[:200]
        return ManagementError(f"The broker at {self.url} refused the request with status {status}: {reason}")


def _permissions(vhost: str, user: str) -> str:
    return f"permissions/{quote(vhost, safe='')}/{quote(user, safe='')}"
