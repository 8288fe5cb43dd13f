"""Sessions: log-in, log-out, expiry, and several tabs."""

import re
from collections.abc import Callable
from itertools import pairwise

import pytest
from playwright.sync_api import BrowserContext, Page, Request, Route, expect

from tests.browser.actions import expect_completed, log_in, open_confirm_dialog
from tests.browser.backend import Backend, User

pytestmark = pytest.mark.e2e


def expect_guest(page: Page) -> None:
    """Expect that no user is logged in."""
    expect(page.get_by_role("navigation", name="Account").get_by_role("link", name="Log in")).to_be_visible()


def expect_logged_in(page: Page) -> None:
    """Expect that a user is logged in."""
    expect(page.get_by_role("button", name="Log out")).to_be_visible()


def send_token(page: Page, token: str) -> None:
    """Send the page an access token from another tab, as the app does, and wait until it is received."""
    page.evaluate(RECEIVE_MESSAGE)
    other = page.context.new_page()
    other.goto("/favicon.svg")
    other.evaluate("token => new BroadcastChannel('deckle').postMessage({ kind: 'logged-in', token })", token)
    page.evaluate("() => window.received")
    other.close()


RECEIVE_MESSAGE = """
() => {
  const channel = new BroadcastChannel("deckle");
  window.received = new Promise((done) => channel.addEventListener("message", () => done(null), { once: true }));
}
"""


def test_the_cookie_restores_the_session(user: User, page: Page) -> None:
    """A reload and a new tab restore it, without TLS too. Scripts can read neither the cookie nor a stored token."""
    page.goto("/login")
    log_in(page, user)
    expect_logged_in(page)
    page.reload()
    expect_logged_in(page)
    second = page.context.new_page()
    second.goto("/myorders")
    expect(second.get_by_role("heading", name="No orders yet")).to_be_visible()
    assert page.evaluate("[document.cookie, localStorage.length, sessionStorage.getItem('token')]") == ["", 0, None]
    (cookie,) = page.context.cookies(f"{page.url.split('/browse')[0]}/refresh-token")
    assert (cookie["name"], cookie["httpOnly"], cookie["secure"], cookie["sameSite"]) == (
        "refresh_token", True, True, "Strict",
    )  # fmt: skip


def test_log_in_leads_back_to_the_orders(user: User, page: Page) -> None:
    """A guest who opens the orders page is redirected to log in, and then back."""
    page.goto("/myorders?page=1")
    expect(page).to_have_url(re.compile(r"/login\?next=%2Fmyorders%3Fpage%3D1$"))
    log_in(page, user)
    expect(page).to_have_url(re.compile(r"/myorders\?page=1$"))
    expect(page.get_by_role("heading", name="No orders yet")).to_be_visible()


def test_next_never_leads_to_another_site(user: User, page: Page) -> None:
    """A link to the log-in page cannot redirect to another site."""
    page.goto("/login?next=//evil.example/")
    log_in(page, user)
    expect(page).to_have_url(re.compile("/browse$"))


def test_logging_out_ends_the_session_in_every_tab(user: User, page: Page) -> None:
    """Each tab shows it, private pages are closed, and the old cookie is invalid."""
    page.goto("/login")
    log_in(page, user)
    expect_logged_in(page)
    second = page.context.new_page()
    second.goto("/myorders")
    expect(second.get_by_role("heading", name="No orders yet")).to_be_visible()
    old_cookies = page.context.cookies()
    page.get_by_role("button", name="Log out").click()
    expect_guest(page)
    expect_guest(second)
    expect(second).to_have_url(re.compile("/login"))
    page.context.add_cookies(old_cookies)  # type: ignore[arg-type] # Playwright's types differ
    page.reload()
    expect_guest(page)


def test_logging_in_updates_every_tab(user: User, page: Page) -> None:
    """The other tab shows the user without a reload."""
    page.goto("/")
    expect_guest(page)
    second = page.context.new_page()
    second.goto("/login")
    log_in(second, user)
    expect_logged_in(second)
    expect_logged_in(page)


def test_an_expired_token_is_refreshed_unnoticed(backend: Backend, user: User, user_page: Page) -> None:
    """The order is placed after one refresh and a repeated request."""
    book = backend.book()
    user_page.goto(book.path)
    open_confirm_dialog(user_page)
    send_token(user_page, backend.expired_token(user))
    refreshes: list[str] = []
    user_page.on("request", lambda request: refreshes.append(request.method) if "/refresh" in request.url else None)
    user_page.get_by_role("button", name="Place order").click()
    expect_completed(user_page)
    assert refreshes == ["POST"]
    assert len(backend.orders(user)) == 1


def test_an_expired_session_leads_back_to_the_book(backend: Backend, user: User, user_page: Page) -> None:
    """The message links to log-in, which leads back to the same book and quantity. No order was placed before."""
    book = backend.book()
    user_page.goto(f"{book.path}?quantity=3")
    open_confirm_dialog(user_page)
    send_token(user_page, backend.expired_token(user))
    user_page.context.clear_cookies()
    user_page.get_by_role("button", name="Place order").click()
    expect(user_page.get_by_role("alert")).to_have_text("Your session has ended. Log in to return to this book.")
    assert backend.orders(user) == []
    user_page.get_by_role("link", name="Log in to buy").click()
    log_in(user_page, user)
    expect(user_page).to_have_url(re.compile(rf"{book.path}\?quantity=3$"))
    open_confirm_dialog(user_page)
    expect(user_page.get_by_role("dialog")).to_contain_text("3 \N{MULTIPLICATION SIGN}")


def test_an_expired_session_leads_back_to_the_orders(backend: Backend, user: User, user_page: Page) -> None:
    """The orders page says that the session has ended, and log-in leads back to it."""
    user_page.goto("/myorders")
    expect(user_page.get_by_role("heading", name="No orders yet")).to_be_visible()
    send_token(user_page, backend.expired_token(user))
    user_page.context.clear_cookies()
    user_page.get_by_role("link", name="Browse books").click()
    user_page.get_by_role("link", name="Orders", exact=True).click()
    expect(user_page.get_by_text("Your session has ended. Please log in again.")).to_be_visible()
    log_in(user_page, user)
    expect(user_page).to_have_url(re.compile(r"/myorders$"))


def test_the_session_is_restored_once_the_shop_can_be_reached(backend: Backend, user_page: Page) -> None:
    """A user is not asked to log in because the shop did not respond."""
    user_page.context.route("**/refresh-token", lambda route: route.abort())
    user_page.goto(backend.book().path)
    expect(user_page.get_by_role("alert")).to_have_text(
        "The shop cannot be reached to check your log-in. We will keep trying."
    )
    user_page.context.unroute_all(behavior="wait")
    expect(user_page.get_by_role("button", name="Log out")).to_be_visible()
    expect(user_page.get_by_role("button", name="Buy now")).to_be_enabled()


def test_tabs_refresh_one_after_the_other(user: User, open_context: Callable[..., BrowserContext]) -> None:
    """Tabs that open at the same time use the cookie one after the other, because each use replaces it."""
    context = open_context()
    refreshes: list[Request] = []
    context.on(
        "request",
        lambda request: (
            refreshes.append(request) if request.method == "POST" and request.url.endswith("/refresh-token") else None
        ),
    )
    page = context.new_page()
    page.goto("/login")
    log_in(page, user)
    expect_logged_in(page)
    refreshes.clear()
    tabs = [context.new_page() for _ in range(4)]
    for tab in tabs:
        tab.goto("/myorders", wait_until="commit")
    for tab in tabs:
        expect(tab.get_by_role("heading", name="No orders yet")).to_be_visible()
    times = sorted((each.timing["startTime"], each.timing["responseStart"]) for each in refreshes)
    assert times
    for (start, response_delay), (following, _) in pairwise(times):
        assert following >= start + response_delay
    page.reload()
    expect_logged_in(page)


def test_api_errors_are_shown_at_their_field(user: User, page: Page) -> None:
    """A registered email, a short password and a wrong password are reported where they belong, with the focus."""
    page.goto("/signup")
    page.get_by_role("button", name="Sign up").click()
    expect(page.get_by_label("Name")).to_be_focused()
    expect(page.get_by_text("Enter your name.")).to_be_visible()
    page.get_by_label("Name").fill("Ann")
    page.get_by_label("Email").fill(user.email)
    page.get_by_label("Password", exact=True).fill("short")
    page.get_by_role("button", name="Sign up").click()
    expect(page.get_by_label("Password", exact=True)).to_be_focused()
    expect(page.get_by_text("Password must be at least 6 characters.")).to_be_visible()
    page.get_by_label("Password", exact=True).fill("long enough")
    page.get_by_role("button", name="Sign up").click()
    expect(page.get_by_label("Email")).to_have_accessible_description("Email is already registered.")
    page.get_by_role("main").get_by_role("link", name="Log in").click()
    expect(page.get_by_role("heading", level=1, name="Log in")).to_be_visible()
    expect(page.get_by_label("Email")).to_have_value(user.email)
    log_in(page, User(0, "", user.email, "a wrong one"))
    expect(page.get_by_role("alert")).to_have_text("Invalid email or password.")


def test_an_email_typed_while_the_other_form_loads_is_kept(page: Page) -> None:
    """On a slow network the old form stays until the new one has loaded, and a progress bar is shown."""
    held_routes: list[Route] = []
    page.goto("/signup")
    expect(page.get_by_role("heading", level=1, name="Sign up")).to_be_visible()
    page.route("**/assets/log-in-*.js", lambda route: held_routes.append(route))  # noqa: PLW0108 - Playwright wants a function
    with page.expect_request("**/assets/log-in-*.js"):
        page.get_by_role("main").get_by_role("link", name="Log in").click()
    expect(page.get_by_role("progressbar", name="The page is loading")).to_be_visible()
    page.get_by_label("Email").fill("ann@example.org")
    for route in held_routes:
        route.continue_()
    expect(page.get_by_role("heading", level=1, name="Log in")).to_be_visible()
    expect(page.get_by_role("progressbar")).to_have_count(0)
    expect(page.get_by_label("Email")).to_have_value("ann@example.org")
