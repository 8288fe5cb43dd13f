"""The headers of every answer, from the file that nginx includes too."""

import re
from collections.abc import Iterable
from pathlib import Path
from string import Template
from urllib.parse import urlsplit

FILE = Path(__file__).with_name("security-headers.conf")
LINE = re.compile(r'^add_header (\S+) "(.*)" always;$', re.MULTILINE)
HOST = re.compile(r"([a-z0-9.-]+|\[[0-9a-f:.]+\])(:[0-9]+)?")


class SecurityHeaders:
    """Knows what a page may load and whom it may call.

    Args:
        urls: where the pages find the gateway.
        hsts_seconds: how long browsers shall use nothing but TLS; 0 when there is none.
    """

    def __init__(self, urls: Iterable[str], hsts_seconds: int = 0) -> None:
        self._lines = [(name, Template(value)) for name, value in LINE.findall(FILE.read_text("utf-8"))]
        if hsts_seconds:
            self._lines.append(("Strict-Transport-Security", Template(f"max-age={hsts_seconds}; includeSubDomains")))
        self._urls = tuple(dict.fromkeys(urls))

    def of(self, host: str) -> list[tuple[str, str]]:
        """The headers for a page that was asked for with that `Host`."""
        origins = " ".join(dict.fromkeys(filter(None, (_origin(url, _name(host)) for url in self._urls))))
        return [(name, line.substitute(API_ORIGINS=origins)) for name, line in self._lines]


def _name(host: str) -> str:
    """The host without its port; what is no host is not repeated."""
    found = HOST.fullmatch(host.lower())
    return found[1] if found else "localhost"


def _origin(url: str, host: str) -> str:
    if url.startswith(":"):
        port = url.partition("/")[0]
        return f"http://{host}{port} https://{host}{port}"
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""
