"""Buying a book, and everything that can go wrong meanwhile."""

import re

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from tests.browser.actions import expect_completed, expect_pending, open_confirm_dialog, place_order
from tests.browser.backend import Backend, User

pytestmark = pytest.mark.e2e

MULTIPLICATION_SIGN = "\N{MULTIPLICATION SIGN}"


def test_a_new_user_buys_a_book(backend: Backend, page: Page) -> None:
    """A guest finds a book, signs up, orders it and sees the completed order in the list of orders."""
    book = backend.book(stock=7)
    page.goto("/")
    page.get_by_role("searchbox").fill(book.title)
    page.get_by_role("list", name="Books").get_by_role("link", name=book.title).click()
    expect(page.get_by_role("heading", level=1, name=book.title)).to_be_focused()
    expect(page.get_by_text("Only 7 left")).to_be_visible()
    page.get_by_role("button", name="Increase quantity").click()
    page.get_by_role("link", name="Log in to buy").click()
    page.get_by_role("main").get_by_role("link", name="Sign up").click()
    page.get_by_label("Name").fill("Ann Reader")
    page.get_by_label("Email").fill("ann.new@example.org")
    page.get_by_label("Password", exact=True).fill("correct horse battery staple")
    page.get_by_role("button", name="Sign up").click()
    expect(page).to_have_url(re.compile(rf"{book.path}\?quantity=2$"))
    price = float(book.price[1:])
    expect(page.get_by_label("Total")).to_have_text(f"${2 * price:,.2f}")
    open_confirm_dialog(page)
    expect(page.get_by_role("dialog")).to_contain_text(f"2 {MULTIPLICATION_SIGN} {book.price}")
    page.get_by_role("button", name="Place order").click()
    expect_completed(page)
    expect(page.get_by_text("Only 5 left")).to_be_visible()
    page.get_by_role("link", name="See your orders").click()
    item = page.get_by_role("list", name="Orders").get_by_role("article")
    expect(item).to_contain_text(book.title)
    expect(item).to_contain_text("Completed")
    assert backend.stock(book.book_id) == 5


def test_the_button_is_disabled_while_an_order_is_processed(backend: Backend, user_page: Page) -> None:
    """It is disabled on the next visit, too, until the order is final. Then the user can buy again."""
    book = backend.book()
    backend.stop("worker")
    place_order(user_page, book)
    expect_pending(user_page)
    user_page.get_by_role("link", name="Orders", exact=True).click()
    expect(user_page.get_by_role("list", name="Orders")).to_contain_text("Processing")
    user_page.get_by_role("link", name=book.title, exact=True).click()
    expect_pending(user_page)
    backend.start("worker")
    expect(user_page.get_by_role("button", name="Buy another")).to_be_visible()
    user_page.get_by_role("button", name="Buy another").click()
    expect(user_page.get_by_role("button", name="Buy now")).to_be_enabled()


def test_the_order_is_still_tracked_after_a_reload(backend: Backend, user_page: Page) -> None:
    """The page shows the pending order, and then that it is completed."""
    book = backend.book()
    backend.stop("worker")
    place_order(user_page, book)
    expect_pending(user_page)
    user_page.reload()
    expect_pending(user_page)
    backend.start("worker")
    expect_completed(user_page)


def test_a_failed_order_says_so(backend: Backend, user_page: Page) -> None:
    """An order fails when the stock is gone at the time of processing. The user can try again."""
    book = backend.book(stock=1)
    backend.stop("worker")
    place_order(user_page, book)
    expect_pending(user_page)
    backend.set_stock(book.book_id, 0)
    backend.start("worker")
    expect(user_page.get_by_text("Order failed").first).to_be_visible()
    expect(user_page.get_by_text("You have not been charged.")).to_be_visible()
    user_page.get_by_role("button", name="Try again").click()
    expect(user_page.get_by_text("This book is sold out.")).to_be_visible()
    user_page.goto("/myorders")
    expect(user_page.get_by_role("list", name="Orders")).to_contain_text("Failed")


def test_a_price_that_changed_is_shown_before_anything_is_ordered(
    backend: Backend, user: User, user_page: Page
) -> None:
    """The message has the old and the new price. The order is placed at the new one when the user accepts it."""
    book = backend.book()
    user_page.goto(book.path)
    open_confirm_dialog(user_page)
    backend.set_price(book.book_id, "123.45")
    user_page.get_by_role("button", name="Place order").click()
    expect(user_page.get_by_role("alert")).to_have_text(f"The price has changed from {book.price} to $123.45.")
    assert backend.orders(user) == []
    user_page.get_by_role("button", name="Buy at $123.45").click()
    expect_completed(user_page)
    assert [order["price"] for order in backend.orders(user)] == [123.45]


def test_another_user_buys_the_last_copy_first(backend: Backend, user: User, user_page: Page) -> None:
    """No order is placed, and there is a link to other books of the genre."""
    book = backend.book(stock=1)
    user_page.goto(book.path)
    expect(user_page.get_by_text("Only 1 left")).to_be_visible()
    open_confirm_dialog(user_page)
    other = backend.create_user()
    backend.place_order(other, book)
    backend.wait_for_order(other, "completed")
    user_page.get_by_role("button", name="Place order").click()
    expect(user_page.get_by_role("alert")).to_have_text("This book has just sold out.")
    user_page.get_by_role("dialog").get_by_role("link", name=re.compile("^More ")).click()
    expect(user_page).to_have_url(re.compile("in_stock=true"))
    assert backend.orders(user) == []


def test_other_users_buy_some_copies_first(backend: Backend, user_page: Page) -> None:
    """The user can order the copies that are left."""
    book = backend.book(stock=5)
    user_page.goto(f"{book.path}?quantity=4")
    open_confirm_dialog(user_page)
    backend.set_stock(book.book_id, 3)
    user_page.get_by_role("button", name="Place order").click()
    expect(user_page.get_by_role("alert")).to_have_text("Only 3 left in stock.")
    user_page.get_by_role("button", name="Buy 3").click()
    expect_completed(user_page)
    assert backend.stock(book.book_id) == 0


def test_two_tabs_show_the_same_order(backend: Backend, user: User, user_page: Page) -> None:
    """The second tab is notified, even with its dialog open. One order is placed, and both tabs see it completed."""
    book = backend.book()
    other = user_page.context.new_page()
    other.goto(book.path)
    open_confirm_dialog(other)
    backend.stop("worker")
    place_order(user_page, book)
    expect_pending(user_page)
    expect_pending(other)
    expect(other.get_by_role("dialog")).to_have_count(0)
    backend.start("worker")
    for each in (user_page, other):
        expect_completed(each)
    assert len(backend.orders(user)) == 1


def test_a_pending_order_of_another_device_is_shown_instead_of_a_second_one(
    backend: Backend, user: User, user_page: Page
) -> None:
    """The browser does not know of the order yet when the user orders the same book."""
    book = backend.book()
    user_page.goto(book.path)
    open_confirm_dialog(user_page)
    backend.stop("worker")
    backend.place_order(user, book)
    user_page.get_by_role("button", name="Place order").click()
    expect_pending(user_page)
    assert len(backend.orders(user)) == 1


def test_a_lost_network_changes_nothing(backend: Backend, user: User, user_page: Page) -> None:
    """The page says that it is offline. When the network is back, it shows that the order is completed."""
    book = backend.book()
    backend.stop("worker")
    place_order(user_page, book)
    expect_pending(user_page)
    user_page.context.set_offline(True)
    expect(user_page.get_by_text("You are offline. Your order is still being processed")).to_be_visible()
    backend.start("worker")
    backend.wait_for_order(user, "completed")
    expect_pending(user_page)
    user_page.context.set_offline(False)
    expect_completed(user_page)


def test_a_frozen_tab_updates_when_it_is_active_again(backend: Backend, user: User, user_page: Page) -> None:
    """A laptop that is closed and opened again freezes its tabs in this way."""
    book = backend.book()
    backend.stop("worker")
    place_order(user_page, book)
    expect_pending(user_page)
    protocol = user_page.context.new_cdp_session(user_page)
    protocol.send("Page.setWebLifecycleState", {"state": "frozen"})
    requests: list[str] = []
    user_page.on("request", lambda request: requests.append(request.url))
    backend.start("worker")
    backend.wait_for_order(user, "completed")
    assert requests == []
    protocol.send("Page.setWebLifecycleState", {"state": "active"})
    expect_completed(user_page)


def test_a_lost_response_does_not_place_a_second_order(
    backend: Backend, user: User, user_page: Page, context: BrowserContext
) -> None:
    """The order is placed, but its response is lost. The second attempt returns the same order."""
    book = backend.book()
    keys: list[str] = []

    def lose_first_response(route: Route) -> None:
        if route.request.method == "POST":
            keys.append(route.request.headers["idempotency-key"])
        if len(keys) == 1:
            route.fetch()
            route.abort()
        else:
            route.continue_()

    context.route(re.compile("/placeorder$"), lose_first_response)
    place_order(user_page, book)
    expect(user_page.get_by_role("alert")).to_contain_text("Your order will not be placed twice.")
    backend.wait_for_order(user, "completed")
    user_page.get_by_role("button", name="Try again").click()
    expect_completed(user_page)
    assert len(backend.orders(user)) == 1
    assert keys == [keys[0]] * 2


def test_an_unavailable_shop_shows_an_error_message(backend: Backend, user: User, user_page: Page) -> None:
    """The gateway is down, then a service behind it. The user can try again each time, and orders once."""
    book = backend.book()
    user_page.goto(book.path)
    open_confirm_dialog(user_page)
    backend.stop("gateway")
    user_page.get_by_role("button", name="Place order").click()
    expect(user_page.get_by_role("alert")).to_contain_text("The shop cannot be reached.")
    backend.start("gateway")
    backend.stop("orders")
    user_page.get_by_role("button", name="Try again").click()
    expect(user_page.get_by_role("alert")).to_contain_text("The shop is temporarily unavailable.")
    backend.start("orders")
    user_page.get_by_role("button", name="Try again").click()
    expect_completed(user_page)
    assert len(backend.orders(user)) == 1


def test_a_book_can_be_bought_by_keyboard_alone(backend: Backend, user: User, page: Page) -> None:
    """The focus is visible at every step. The dialog keeps the focus and returns it."""
    book = backend.book()
    page.goto(f"/login?next={book.path}")
    expect(page.get_by_role("heading", name="Log in")).to_be_visible()
    tab_to(page, "Email")
    page.keyboard.type(user.email)
    tab_to(page, "Password")
    page.keyboard.type(user.password)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1, name=book.title)).to_be_focused()
    expect(page.get_by_role("button", name="Buy now")).to_be_enabled()
    tab_to(page, "Quantity")
    page.keyboard.press("ArrowUp")
    tab_to(page, "Buy now")
    page.keyboard.press("Enter")
    close = page.get_by_role("dialog").get_by_role("button", name="Close")
    expect(close).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_role("button", name="Buy now")).to_be_focused()
    page.keyboard.press("Space")
    expect(close).to_be_focused()
    for _ in range(8):  # more than it has controls
        page.keyboard.press("Tab")
        assert page.evaluate("document.querySelector('[role=dialog]').contains(document.activeElement)")
    tab_to(page, "Place order")
    page.keyboard.press("Enter")
    expect_completed(page)
    tab_to(page, "See your orders")
    page.keyboard.press("Enter")
    expect(page.get_by_role("list", name="Orders")).to_contain_text(f"2 {MULTIPLICATION_SIGN} {book.price}")


def tab_to(page: Page, name: str) -> None:
    """Press Tab until the element with this name has the focus, and check that the focus is visible."""
    for _ in range(80):
        page.keyboard.press("Tab")
        if page.evaluate(FOCUSED_NAME) == name:
            outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
            assert outline == "solid", f"the focus of {name} is not visible"
            return
    message = f"{name} cannot be reached with Tab"
    raise AssertionError(message)


FOCUSED_NAME = """
() => {
  const { ariaLabel, labels, textContent } = document.activeElement;
  return (ariaLabel ?? labels?.[0]?.textContent ?? textContent).trim();
}
"""


def test_status_changes_are_announced(backend: Backend, user_page: Page) -> None:
    """Screen readers announce that the order was placed, that it is completed, and the next page."""
    book = backend.book()
    user_page.add_init_script(RECORD_ANNOUNCEMENTS)
    backend.stop("worker")
    place_order(user_page, book)
    user_page.wait_for_function("() => announced.includes('Order placed. It is being processed.')")
    backend.start("worker")
    user_page.wait_for_function("() => announced.includes('Order completed.')")
    user_page.get_by_role("link", name="See your orders").click()
    user_page.wait_for_function("() => announced.includes('Your orders')")


RECORD_ANNOUNCEMENTS = """
window.announced = [];
new MutationObserver(() => {
  const messages = document.querySelector("[role=status].sr-only")?.children ?? [];
  for (const { textContent } of messages) if (!announced.includes(textContent)) announced.push(textContent);
}).observe(document, { childList: true, subtree: true });
"""
"""Records the announcements, which are removed from the page after a few seconds."""


def test_a_dialog_whose_code_does_not_load_leaves_the_page_usable(backend: Backend, user_page: Page) -> None:
    """A message says so, and the user can try again."""
    book = backend.book()
    code = "**/assets/confirm-dialog-*.js"
    user_page.route(code, lambda route: route.abort())
    user_page.goto(book.path)
    user_page.get_by_role("button", name="Buy now").click()
    expect(user_page.get_by_text("This could not be loaded.").first).to_be_attached()
    expect(user_page.get_by_role("heading", level=1, name=book.title)).to_be_visible()
    user_page.unroute(code)
    open_confirm_dialog(user_page)
