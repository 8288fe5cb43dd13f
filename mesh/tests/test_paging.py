"""Pages of a list have numbers, and tokens that are valid for their list only."""

import base64

import pytest

from mesh.errors import InvalidArgument
from mesh.paging import TOKEN, read_page
from mesh.tests import echo

pytestmark = pytest.mark.unit

TOTAL = 10


def tokens(text: str, size: int, sizes: int = 0) -> list[int]:
    """Follow the tokens from the first page to the last, and return the pages' offsets."""
    page = read_page(echo.list_request(text, page_size=size), 4)
    offsets = [page.offset]
    while token := page.response(TOTAL).next_page_token:
        page = read_page(echo.list_request(text, page_size=sizes or size, page_token=token), 4)
        offsets.append(page.offset)
    return offsets


def test_the_first_page_has_the_default_size() -> None:
    """Neither a number nor a token nor a size is needed."""
    page = read_page(echo.list_request(), 4)
    assert (page.offset, page.size) == (0, 4)
    assert (page.response(TOTAL).page, page.response(TOTAL).page_size, page.response(TOTAL).total_size) == (1, 4, TOTAL)


def test_a_number_selects_a_page() -> None:
    """Page 3 of 4 items begins after 8; the largest number is no overflow."""
    assert read_page(echo.list_request(page=3), 4).offset == 8
    assert read_page(echo.list_request(page=2**31 - 1, page_size=100), 4).response(TOTAL).page == 2**31 - 1


def test_tokens_lead_through_the_whole_list() -> None:
    """Each page has the token of the next one, and the last page has none."""
    assert tokens("a", 4) == [0, 4, 8]
    assert tokens("a", 5) == [0, 5]
    assert tokens("a", 100) == [0]


def test_the_size_may_change_between_pages() -> None:
    """A token holds where the next page begins, not its number (AIP-158)."""
    assert tokens("a", 4, sizes=3) == [0, 4, 7]


def test_a_numbered_page_continues_with_a_token() -> None:
    """Both ways to page can be mixed."""
    token = read_page(echo.list_request("a", page=2, page_size=4), 4).response(TOTAL).next_page_token
    assert read_page(echo.list_request("a", page_token=token), 4).offset == 8


def test_a_token_of_another_list_is_refused() -> None:
    """A token belongs to the filters that it was made with."""
    token = read_page(echo.list_request("a"), 4).response(TOTAL).next_page_token
    with pytest.raises(InvalidArgument, match="other filters") as raised:
        read_page(echo.list_request("b", page_token=token), 4)
    assert raised.value.reason == "INVALID_PAGE_TOKEN"


@pytest.mark.parametrize(
    "token",
    [
        "x",
        "!!!!",
        "AAAA",
        "ä",
        "\0",
        base64.urlsafe_b64encode(TOKEN.pack(2, 4, b"12345678")).decode(),
        base64.urlsafe_b64encode(TOKEN.pack(1, 2**63, b"12345678")).decode(),
    ],
)
def test_a_malformed_token_is_refused(token: str) -> None:
    """The error is INVALID_ARGUMENT with a reason, whatever the token contains."""
    with pytest.raises(InvalidArgument, match="malformed") as raised:
        read_page(echo.list_request("a", page_token=token), 4)
    assert raised.value.reason == "INVALID_PAGE_TOKEN"
