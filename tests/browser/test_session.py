"""Who is logged in, where, and for how long."""

import re
from collections.abc import Callable
from itertools import pairwise

import pytest
from playwright.sync_api import BrowserContext, Page, Request, Route, expect

from tests.browser.shopkeeper import Member, Shopkeeper
from tests.browser.test_buying import ask

pytestmark = pytest.mark.e2e


def enter(page: Page, member: Member) -> None:
    """Fills the form and sends it."""
    expect(page.get_by_role("heading", level=1, name="Log in")).to_be_visible()
    page.get_by_label("Email").fill(member.email)
    expect(page.get_by_label("Email")).to_have_value(member.email)
    page.get_by_label("Password", exact=True).fill(member.password)
    page.get_by_role("button", name="Log in").click()


def expect_guest(page: Page) -> None:
    """Nobody is logged in."""
    expect(page.get_by_role("navigation", name="Account").get_by_role("link", name="Log in")).to_be_visible()


def expect_member(page: Page) -> None:
    """Somebody is."""
    expect(page.get_by_role("button", name="Log out")).to_be_visible()


def give_token(page: Page, token: str) -> None:
    """Another tab tells this one a token, as the app's own tabs do. Returns when the app has heard it."""
    page.evaluate(LISTEN)
    other = page.context.new_page()
    other.goto("/favicon.svg")
    other.evaluate("token => new BroadcastChannel('deckle').postMessage({ kind: 'entered', token })", token)
    page.evaluate("() => window.told")
    other.close()


LISTEN = """
() => {
  const channel = new BroadcastChannel("deckle");
  window.told = new Promise((done) => channel.addEventListener("message", () => done(null), { once: true }));
}
"""


def test_the_cookie_brings_the_session_back(member: Member, page: Page) -> None:
    """After a reload and in a new tab, on a page without TLS; scripts see neither the cookie nor a stored token."""
    page.goto("/login")
    enter(page, member)
    expect_member(page)
    page.reload()
    expect_member(page)
    second = page.context.new_page()
    second.goto("/myorders")
    expect(second.get_by_role("heading", name="No orders yet")).to_be_visible()
    assert page.evaluate("[document.cookie, localStorage.length, sessionStorage.getItem('token')]") == ["", 0, None]
    (cookie,) = page.context.cookies(f"{page.url.split('/browse')[0]}/refresh-token")
    assert (cookie["name"], cookie["httpOnly"], cookie["secure"], cookie["sameSite"]) == (
        "refresh_token", True, True, "Strict",
    )  # fmt: skip


def test_orders_are_for_members_who_come_back_to_them(member: Member, page: Page) -> None:
    """A guest who opens the page of orders logs in first, and lands where they wanted to go."""
    page.goto("/myorders?page=1")
    expect(page).to_have_url(re.compile(r"/login\?next=%2Fmyorders%3Fpage%3D1$"))
    enter(page, member)
    expect(page).to_have_url(re.compile(r"/myorders\?page=1$"))
    expect(page.get_by_role("heading", name="No orders yet")).to_be_visible()


def test_next_never_leads_to_another_site(member: Member, page: Page) -> None:
    """Whoever sends somebody a link to log in cannot send them on to elsewhere."""
    page.goto("/login?next=//evil.example/")
    enter(page, member)
    expect(page).to_have_url(re.compile("/browse$"))


def test_logging_out_ends_the_session_in_every_tab(member: Member, page: Page) -> None:
    """Each tab shows it, private pages are closed, and the cookie is worth nothing any more."""
    page.goto("/login")
    enter(page, member)
    expect_member(page)
    second = page.context.new_page()
    second.goto("/myorders")
    expect(second.get_by_role("heading", name="No orders yet")).to_be_visible()
    kept = page.context.cookies()
    page.get_by_role("button", name="Log out").click()
    expect_guest(page)
    expect_guest(second)
    expect(second).to_have_url(re.compile("/login"))
    page.context.add_cookies(kept)  # type: ignore[arg-type] # as Playwright's own types differ
    page.reload()
    expect_guest(page)


def test_logging_in_is_seen_by_every_tab(member: Member, page: Page) -> None:
    """Without a reload."""
    page.goto("/")
    expect_guest(page)
    second = page.context.new_page()
    second.goto("/login")
    enter(second, member)
    expect_member(second)
    expect_member(page)


def test_an_expired_token_is_renewed_unseen(keeper: Shopkeeper, member: Member, member_page: Page) -> None:
    """The order is placed as if nothing had been: one refresh, then the same request again."""
    book = keeper.book()
    member_page.goto(book.path)
    ask(member_page)
    give_token(member_page, keeper.expired_token(member))
    refreshes: list[str] = []
    member_page.on("request", lambda request: refreshes.append(request.method) if "/refresh" in request.url else None)
    member_page.get_by_role("button", name="Place order").click()
    expect(member_page.get_by_text("Order completed").first).to_be_visible()
    assert refreshes == ["POST"]
    assert len(keeper.orders(member)) == 1


def test_an_expired_session_leads_back_to_the_book(keeper: Shopkeeper, member: Member, member_page: Page) -> None:
    """One sentence, a way to log in, and then the same book with the same quantity; nothing was ordered before."""
    book = keeper.book()
    member_page.goto(f"{book.path}?quantity=3")
    ask(member_page)
    give_token(member_page, keeper.expired_token(member))
    member_page.context.clear_cookies()
    member_page.get_by_role("button", name="Place order").click()
    expect(member_page.get_by_role("alert")).to_have_text(
        "Your session has ended. Log in and you come back to this book."
    )
    assert keeper.orders(member) == []
    member_page.get_by_role("link", name="Log in to buy").click()
    enter(member_page, member)
    expect(member_page).to_have_url(re.compile(rf"{book.path}\?quantity=3$"))
    ask(member_page)
    expect(member_page.get_by_role("dialog")).to_contain_text("3 \N{MULTIPLICATION SIGN}")


def test_an_expired_session_leads_back_to_the_orders(keeper: Shopkeeper, member: Member, member_page: Page) -> None:
    """The page of orders cannot be shown any more: one sentence, log-in, and there it is again."""
    member_page.goto("/myorders")
    expect(member_page.get_by_role("heading", name="No orders yet")).to_be_visible()
    give_token(member_page, keeper.expired_token(member))
    member_page.context.clear_cookies()
    member_page.get_by_role("link", name="Look at the shelves").click()
    member_page.get_by_role("link", name="Orders", exact=True).click()
    expect(member_page.get_by_text("Your session has ended. Log in to go on.")).to_be_visible()
    enter(member_page, member)
    expect(member_page).to_have_url(re.compile(r"/myorders$"))


def test_a_member_is_found_once_the_shop_can_be_reached(keeper: Shopkeeper, member_page: Page) -> None:
    """Nobody is told to log in because the shop did not answer."""
    member_page.context.route("**/refresh-token", lambda route: route.abort())
    member_page.goto(keeper.book().path)
    expect(member_page.get_by_role("alert")).to_have_text(
        "The shop cannot be reached to see who you are. We keep trying."
    )
    member_page.context.unroute_all(behavior="wait")
    expect(member_page.get_by_role("button", name="Log out")).to_be_visible()
    expect(member_page.get_by_role("button", name="Buy now")).to_be_enabled()


def test_tabs_refresh_one_after_the_other(member: Member, open_context: Callable[..., BrowserContext]) -> None:
    """Tabs that open at once use the cookie one after the other: it is a new one after each use."""
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
    enter(page, member)
    expect_member(page)
    refreshes.clear()
    tabs = [context.new_page() for _ in range(4)]
    for tab in tabs:
        tab.goto("/myorders", wait_until="commit")
    for tab in tabs:
        expect(tab.get_by_role("heading", name="No orders yet")).to_be_visible()
    times = sorted((each.timing["startTime"], each.timing["responseStart"]) for each in refreshes)
    assert times
    for (start, answered), (following, _) in pairwise(times):
        assert following >= start + answered
    page.reload()
    expect_member(page)


def test_what_the_api_says_stands_beside_its_field(member: Member, page: Page) -> None:
    """A taken address, a short password, a wrong one: each where it belongs, and focused."""
    page.goto("/signup")
    page.get_by_role("button", name="Sign up").click()
    expect(page.get_by_label("Name")).to_be_focused()
    expect(page.get_by_text("Enter your name.")).to_be_visible()
    page.get_by_label("Name").fill("Ann")
    page.get_by_label("Email").fill(member.email)
    page.get_by_label("Password", exact=True).fill("short")
    page.get_by_role("button", name="Sign up").click()
    expect(page.get_by_label("Password", exact=True)).to_be_focused()
    expect(page.get_by_text("Password must be at least 6 characters.")).to_be_visible()
    page.get_by_label("Password", exact=True).fill("long enough")
    page.get_by_role("button", name="Sign up").click()
    expect(page.get_by_label("Email")).to_have_accessible_description("Email is already registered.")
    page.get_by_role("main").get_by_role("link", name="Log in").click()
    expect(page.get_by_role("heading", level=1, name="Log in")).to_be_visible()
    expect(page.get_by_label("Email")).to_have_value(member.email)
    enter(page, Member(0, "", member.email, "a wrong one"))
    expect(page.get_by_role("alert")).to_have_text("Invalid email or password.")


def test_an_address_typed_while_the_other_form_loads_is_kept(page: Page) -> None:
    """On a slow line the old form stays until the new one is there, and a line in the head runs meanwhile."""
    held: list[Route] = []
    page.goto("/signup")
    expect(page.get_by_role("heading", level=1, name="Sign up")).to_be_visible()
    page.route("**/assets/log-in-*.js", lambda route: held.append(route))  # noqa: PLW0108 - Playwright wants a function
    with page.expect_request("**/assets/log-in-*.js"):
        page.get_by_role("main").get_by_role("link", name="Log in").click()
    expect(page.get_by_role("progressbar", name="The page is loading")).to_be_visible()
    page.get_by_label("Email").fill("ann@example.org")
    for route in held:
        route.continue_()
    expect(page.get_by_role("heading", level=1, name="Log in")).to_be_visible()
    expect(page.get_by_role("progressbar")).to_have_count(0)
    expect(page.get_by_label("Email")).to_have_value("ann@example.org")
