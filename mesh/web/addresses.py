"""The client address that a request counts for."""

from collections.abc import Callable
from functools import lru_cache
from ipaddress import IPv6Address, ip_address, ip_network

from mesh.web.site import Environ

IPV6_NETWORK_BITS = 64
"""All addresses of an IPv6 /64 network belong to the same customer of a provider, so that they share one limit."""

MAX_CACHED_ADDRESSES = 4096


@lru_cache(MAX_CACHED_ADDRESSES)
def counted_address(text: str) -> str:
    """Return what an address counts for: an IPv4 address itself, or the network of an IPv6 address."""
    try:
        address = ip_address(text)
    except ValueError:  # a proxy may send any text, which must not reach the log
        return "unknown"
    if not isinstance(address, IPv6Address):
        return str(address)
    return str(address.ipv4_mapped or ip_network((address, IPV6_NETWORK_BITS), strict=False))


def address_behind(proxies: int) -> Callable[[Environ], str]:
    """Return the function that reads the client address of a request behind so many trusted proxies."""

    def address_of(environ: Environ) -> str:
        forwarded = environ.get("HTTP_X_FORWARDED_FOR", "").split(",") if proxies else []
        text = forwarded[-proxies].strip() if len(forwarded) >= proxies > 0 else ""
        return counted_address(text or environ["REMOTE_ADDR"])

    return address_of
