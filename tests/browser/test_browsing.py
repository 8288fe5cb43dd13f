"""Finding books. The URL holds all filters, so that links, reloads and the back button work."""

import re

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from tests.browser.actions import listed_books
from tests.browser.backend import Backend

pytestmark = pytest.mark.e2e


def titles(page: Page) -> list[str]:
    """Return the titles in the list of books."""
    return page.get_by_role("list", name="Books").get_by_role("heading").all_inner_texts()


@pytest.mark.parametrize("control", ["search", "genre"])
def test_a_new_list_starts_at_its_top(page: Page, control: str) -> None:
    """A search or a genre that is chosen further down scrolls to the top of the new list."""
    page.goto("/")
    listed_books(page).nth(11).scroll_into_view_if_needed()
    page.wait_for_function("() => scrollY > 0")
    if control == "search":
        page.get_by_role("searchbox").fill("the")
    else:
        page.get_by_role("button", name=re.compile("^Fantasy")).click()
    page.wait_for_function("() => scrollY === 0")


def test_a_search_shows_what_was_typed_last(page: Page) -> None:
    """The list follows the typing. The search is part of the URL, and the back button undoes it."""
    page.goto("/")
    expect(page.get_by_role("heading", level=1, name="All books")).to_be_visible()
    page.get_by_role("searchbox").press_sequentially("austen", delay=5)
    expect(page.get_by_role("heading", level=1, name="“austen”")).to_be_visible()
    expect(page).to_have_url(re.compile("search=austen"))
    expect(listed_books(page)).to_have_count(1)
    page.go_back()
    expect(page.get_by_role("heading", level=1, name="All books")).to_be_visible()
    expect(page.get_by_role("searchbox")).to_have_value("")


def test_an_older_search_is_cancelled(page: Page, context: BrowserContext) -> None:
    """A slow response to an older search is dropped and never shown."""
    held_routes: list[Route] = []
    context.route(re.compile(r"/books\?.*search=dune"), lambda route: held_routes.append(route))  # noqa: PLW0108 - Playwright wants a function
    page.goto("/")
    with page.expect_request(re.compile("search=dune")):
        page.get_by_role("searchbox").fill("dune")
    with page.expect_event("requestfailed", lambda request: "search=dune" in request.url) as failed:
        page.get_by_role("searchbox").fill("emily")
    assert failed.value.failure == "net::ERR_ABORTED"
    expect(listed_books(page)).to_have_count(1)
    context.unroute_all(behavior="ignoreErrors")
    assert titles(page) == ["The Complete Poems of Emily Dickinson"]


def test_a_shared_link_shows_the_same_list(page: Page) -> None:
    """Genre, prices, stock and sort order come from the URL, and each filter can be removed."""
    page.goto("/browse?genre=Poetry&min_price=10&max_price=30&in_stock=true&sort=-price")
    books = page.get_by_role("list", name="Books")
    expect(books).to_have_attribute("aria-busy", "false")
    prices = [float(text) for text in re.findall(r"\$(\d+\.\d\d)", books.inner_text())]
    assert prices == sorted(prices, reverse=True)
    assert prices
    assert 10 <= min(prices) <= max(prices) <= 30
    expect(page.get_by_role("button", name=re.compile("^Poetry"))).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_role("checkbox", name="In stock only")).to_be_checked()
    expect(page.get_by_label("Sort by")).to_have_value("-price")
    before = titles(page)
    page.reload()
    expect(books.get_by_role("listitem")).to_have_count(len(before))
    assert titles(page) == before
    page.get_by_role("button", name="Remove filter up to $30").click()
    expect(page).not_to_have_url(re.compile("max_price"))
    page.get_by_role("button", name="Clear all").click()
    expect(page).to_have_url(re.compile(r"/browse\?sort=-price$"))


def test_the_facets_count(page: Page) -> None:
    """The number next to a genre is the number of its books."""
    page.goto("/")
    button = page.get_by_role("button", name=re.compile(r"^Computing"))
    count = int(re.sub(r"\D", "", button.inner_text()))
    button.click()
    expect(page.get_by_text(f"{count} books", exact=True)).to_be_visible()
    expect(listed_books(page)).to_have_count(count)


def test_more_books_load_while_scrolling(page: Page) -> None:
    """Scrolling loads every book once, up to the last one."""
    page.goto("/")
    total = int(page.get_by_text(re.compile(r"^\d+ books$")).inner_text().split()[0])
    books = listed_books(page)
    for loaded in range(12, total, 12):
        expect(books.nth(loaded - 1)).to_be_attached()
        books.nth(loaded - 1).scroll_into_view_if_needed()
    expect(books).to_have_count(total)
    expect(page.get_by_role("button", name="Show more")).to_have_count(0)
    assert len(set(titles(page))) == total


def test_back_from_a_book_restores_the_scroll_position(page: Page) -> None:
    """The loaded books are still there, and the page has its old scroll position."""
    page.goto("/browse?sort=title")
    books = listed_books(page)
    books.nth(11).scroll_into_view_if_needed()
    expect(books.nth(20)).to_be_attached()
    books.nth(20).scroll_into_view_if_needed()
    height = page.evaluate("scrollY")
    books.nth(20).get_by_role("link").click()
    expect(page).to_have_url(re.compile("/books/"))
    page.go_back()
    expect(books.nth(20)).to_be_in_viewport()
    assert abs(page.evaluate("scrollY") - height) < 20


def test_a_list_without_results_offers_to_remove_filters(page: Page) -> None:
    """It says what was searched for and has a button that removes each filter."""
    page.goto("/browse?search=zzzz&genre=Poetry")
    expect(page.get_by_role("heading", name="No books found")).to_be_visible()
    page.get_by_role("button", name="Remove “zzzz”").click()
    expect(listed_books(page).first).to_be_visible()


def test_the_filters_on_a_small_screen_open_in_a_sheet(page: Page) -> None:
    """The sheet shows how many books match, and returns the focus when it is closed."""
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto("/")
    page.get_by_role("button", name="Filters").click()
    sheet = page.get_by_role("dialog", name="Filters")
    sheet.get_by_role("button", name=re.compile("^Fantasy")).click()
    expect(page).to_have_url(re.compile("genre=Fantasy"))
    sheet.get_by_role("button", name=re.compile(r"^Show \d+ books$")).click()
    expect(sheet).to_have_count(0)
    expect(page.get_by_role("button", name="Filters (1)")).to_be_focused()
    assert page.evaluate("document.documentElement.scrollWidth") == 390


@pytest.mark.parametrize("path", ["/books/99999", "/books/x", "/no/such/page"])
def test_a_missing_book_or_page_says_so(page: Page, path: str) -> None:
    """The page links to all books."""
    page.goto(path)
    expect(page.get_by_role("heading", level=1, name=re.compile("not found$"))).to_be_visible()
    page.get_by_role("link", name="See all books").click()
    expect(page.get_by_role("heading", level=1, name="All books")).to_be_visible()


def test_the_list_can_be_loaded_again_after_an_error(backend: Backend, page: Page) -> None:
    """While the books service is down there is an error message with a button that works once it is back."""
    backend.stop("books")
    page.goto("/")
    expect(page.get_by_role("alert")).to_contain_text("The shop is temporarily unavailable.")
    backend.start("books")
    page.get_by_role("button", name="Try again").click()
    expect(listed_books(page).first).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("^Poetry"))).to_be_visible()


def test_the_theme_follows_the_system_until_the_user_chooses(page: Page) -> None:
    """The choice survives a reload, applies to all tabs, and is set before the first paint."""
    page.emulate_media(color_scheme="dark")
    page.goto("/")
    root = page.locator("html")
    expect(root).to_have_attribute("data-theme", "dark")
    page.emulate_media(color_scheme="light")
    expect(root).to_have_attribute("data-theme", "light")
    page.get_by_role("button", name="Switch to dark").click()
    page.add_init_script(
        "addEventListener('DOMContentLoaded', () => { window.first = document.documentElement.dataset.theme; })"
    )
    page.reload()
    assert page.evaluate("first") == "dark"
    second = page.context.new_page()
    second.goto("/")
    second.get_by_role("button", name="Switch to light").click()
    expect(root).to_have_attribute("data-theme", "light")
