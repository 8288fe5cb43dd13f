"""A request counts for the address of its client, also behind proxies."""

import pytest

from mesh.web.addresses import address_behind, counted_address

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("no:address", "unknown"),
        ("<script>", "unknown"),
        ("", "unknown"),
    ],
)
def test_networks_of_ipv6_share_one_count(text: str, expected: str) -> None:
    """A provider gives each customer such a network."""
    assert counted_address(text) == expected


@pytest.mark.parametrize(
    ("proxies", "forwarded", "expected"),
    [
        (0, "198.51.100.1", "192.0.2.1"),
        (1, "198.51.100.9, 198.51.100.1", "198.51.100.1"),
        (2, "198.51.100.9, 198.51.100.1, 203.0.113.1", "198.51.100.1"),
        (2, "198.51.100.1", "192.0.2.1"),
        (1, None, "192.0.2.1"),
    ],
)
def test_only_trusted_proxies_are_believed(proxies: int, forwarded: str | None, expected: str) -> None:
    """A client can write anything in front of what the last of them adds."""
    environ = {"REMOTE_ADDR": "192.0.2.1"} | ({"HTTP_X_FORWARDED_FOR": forwarded} if forwarded else {})
    assert address_behind(proxies)(environ) == expected
