"""Buying a book, and everything that can come in between."""

import re

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from tests.browser.shopkeeper import Book, Member, Shopkeeper

pytestmark = pytest.mark.e2e

TIMES = "\N{MULTIPLICATION SIGN}"


def order(page: Page, book: Book) -> None:
    """Opens the book's page and places an order."""
    page.goto(book.path)
    ask(page)
    page.get_by_role("button", name="Place order").click()


def ask(page: Page) -> None:
    """Opens the dialog."""
    page.get_by_role("button", name="Buy now").click()
    expect(page.get_by_role("dialog", name="Place this order?")).to_be_visible()


def expect_pending(page: Page) -> None:
    """The button says that the order is being processed, and cannot be pressed."""
    expect(page.get_by_role("button", name="Order is processing")).to_be_disabled()
    expect(page.get_by_role("progressbar", name="Order is processing")).to_be_visible()


def test_a_stranger_buys_a_book(keeper: Shopkeeper, page: Page) -> None:
    """From the front page over an account to a completed order, which stands among the orders afterwards."""
    book = keeper.book(stock=7)
    page.goto("/")
    page.get_by_role("searchbox").fill(book.title)
    page.get_by_role("list", name="Books").get_by_role("link", name=book.title).click()
    expect(page.get_by_role("heading", level=1, name=book.title)).to_be_focused()
    expect(page.get_by_text("Only 7 left")).to_be_visible()
    page.get_by_role("button", name="One more").click()
    page.get_by_role("link", name="Log in to buy").click()
    page.get_by_role("main").get_by_role("link", name="Sign up").click()
    page.get_by_label("Name").fill("Ann Reader")
    page.get_by_label("Email").fill("ann.stranger@example.org")
    page.get_by_label("Password", exact=True).fill("correct horse battery staple")
    page.get_by_role("button", name="Sign up").click()
    expect(page).to_have_url(re.compile(rf"{book.path}\?quantity=2$"))
    price = float(book.price[1:])
    expect(page.get_by_label("Total")).to_have_text(f"${2 * price:,.2f}")
    ask(page)
    expect(page.get_by_role("dialog")).to_contain_text(f"2 {TIMES} {book.price}")
    page.get_by_role("button", name="Place order").click()
    expect(page.get_by_text("Order completed").first).to_be_visible()
    expect(page.get_by_text("Only 5 left")).to_be_visible()
    page.get_by_role("link", name="See your orders").click()
    row = page.get_by_role("list", name="Orders").get_by_role("article")
    expect(row).to_contain_text(book.title)
    expect(row).to_contain_text("Completed")
    assert keeper.stock(book.book_id) == 5


def test_the_button_waits_while_an_order_is_processed(keeper: Shopkeeper, member_page: Page) -> None:
    """Also on the next visit of the page, until the order has ended; then one can buy again."""
    book = keeper.book()
    keeper.stop("worker")
    order(member_page, book)
    expect_pending(member_page)
    member_page.get_by_role("link", name="Orders", exact=True).click()
    expect(member_page.get_by_role("list", name="Orders")).to_contain_text("Processing")
    member_page.get_by_role("link", name=book.title, exact=True).click()
    expect_pending(member_page)
    keeper.start("worker")
    expect(member_page.get_by_role("button", name="Buy another")).to_be_visible()
    member_page.get_by_role("button", name="Buy another").click()
    expect(member_page.get_by_role("button", name="Buy now")).to_be_enabled()


def test_a_reload_finds_the_order_again(keeper: Shopkeeper, member_page: Page) -> None:
    """And sees it end."""
    book = keeper.book()
    keeper.stop("worker")
    order(member_page, book)
    expect_pending(member_page)
    member_page.reload()
    expect_pending(member_page)
    keeper.start("worker")
    expect(member_page.get_by_text("Order completed").first).to_be_visible()


def test_an_order_that_fails_says_so(keeper: Shopkeeper, member_page: Page) -> None:
    """When the stock is gone at the time of processing; the shopper can try again once there are copies."""
    book = keeper.book(stock=1)
    keeper.stop("worker")
    order(member_page, book)
    expect_pending(member_page)
    keeper.set_stock(book.book_id, 0)
    keeper.start("worker")
    expect(member_page.get_by_text("Order failed").first).to_be_visible()
    expect(member_page.get_by_text("nothing was charged")).to_be_visible()
    member_page.get_by_role("button", name="Try again").click()
    expect(member_page.get_by_text("Every copy has found a reader")).to_be_visible()
    member_page.goto("/myorders")
    expect(member_page.get_by_role("list", name="Orders")).to_contain_text("Failed")


def test_a_price_that_changed_is_shown_before_anything_is_ordered(
    keeper: Shopkeeper, member: Member, member_page: Page
) -> None:
    """The old and the new price are named; the order is placed at the new one when the shopper says so."""
    book = keeper.book()
    member_page.goto(book.path)
    ask(member_page)
    keeper.set_price(book.book_id, "123.45")
    member_page.get_by_role("button", name="Place order").click()
    expect(member_page.get_by_role("alert")).to_have_text(
        f"The price has changed: it is $123.45 now, and was {book.price}."
    )
    assert keeper.orders(member) == []
    member_page.get_by_role("button", name="Buy at $123.45").click()
    expect(member_page.get_by_text("Order completed").first).to_be_visible()
    assert [order["price"] for order in keeper.orders(member)] == [123.45]


def test_a_faster_buyer_took_the_last_copy(keeper: Shopkeeper, member: Member, member_page: Page) -> None:
    """Nothing is ordered, and there is a way to other books of the kind."""
    book = keeper.book(stock=1)
    member_page.goto(book.path)
    expect(member_page.get_by_text("Only the last copy left")).to_be_visible()
    ask(member_page)
    other = keeper.member()
    keeper.place_order(other, book)
    keeper.wait_for_end(other, "completed")
    member_page.get_by_role("button", name="Place order").click()
    expect(member_page.get_by_role("alert")).to_have_text("The last copy was sold a moment ago.")
    member_page.get_by_role("dialog").get_by_role("link", name=re.compile("^More ")).click()
    expect(member_page).to_have_url(re.compile("in_stock=true"))
    assert keeper.orders(member) == []


def test_faster_buyers_took_some(keeper: Shopkeeper, member_page: Page) -> None:
    """The shopper can take what is left."""
    book = keeper.book(stock=5)
    member_page.goto(f"{book.path}?quantity=4")
    ask(member_page)
    keeper.set_stock(book.book_id, 3)
    member_page.get_by_role("button", name="Place order").click()
    expect(member_page.get_by_role("alert")).to_have_text("Only 3 left in stock.")
    member_page.get_by_role("button", name="Take 3").click()
    expect(member_page.get_by_text("Order completed").first).to_be_visible()
    assert keeper.stock(book.book_id) == 0


def test_two_tabs_show_the_same_order(keeper: Shopkeeper, member: Member, member_page: Page) -> None:
    """The second one hears of it, even with its own dialog open; one order is placed, and both see it end."""
    book = keeper.book()
    other = member_page.context.new_page()
    other.goto(book.path)
    ask(other)
    keeper.stop("worker")
    order(member_page, book)
    expect_pending(member_page)
    expect_pending(other)
    expect(other.get_by_role("dialog")).to_have_count(0)
    keeper.start("worker")
    for each in (member_page, other):
        expect(each.get_by_text("Order completed").first).to_be_visible()
    assert len(keeper.orders(member)) == 1


def test_an_order_placed_elsewhere_is_found_when_the_shopper_orders_too(
    keeper: Shopkeeper, member: Member, member_page: Page
) -> None:
    """On another machine, of which this browser has not heard: the order that is on its way is shown."""
    book = keeper.book()
    member_page.goto(book.path)
    ask(member_page)
    keeper.stop("worker")
    keeper.place_order(member, book)
    member_page.get_by_role("button", name="Place order").click()
    expect_pending(member_page)
    assert len(keeper.orders(member)) == 1


def test_a_lost_network_changes_nothing(keeper: Shopkeeper, member: Member, member_page: Page) -> None:
    """The page says that it is offline; when it is back, it learns how the order ended meanwhile."""
    book = keeper.book()
    keeper.stop("worker")
    order(member_page, book)
    expect_pending(member_page)
    member_page.context.set_offline(True)
    expect(member_page.get_by_text("You are offline. Your order goes on")).to_be_visible()
    keeper.start("worker")
    keeper.wait_for_end(member, "completed")
    expect_pending(member_page)
    member_page.context.set_offline(False)
    expect(member_page.get_by_text("Order completed").first).to_be_visible()


def test_a_tab_that_slept_wakes_up_to_the_end(keeper: Shopkeeper, member: Member, member_page: Page) -> None:
    """As a laptop that was closed."""
    book = keeper.book()
    keeper.stop("worker")
    order(member_page, book)
    expect_pending(member_page)
    protocol = member_page.context.new_cdp_session(member_page)
    protocol.send("Page.setWebLifecycleState", {"state": "frozen"})
    asked: list[str] = []
    member_page.on("request", lambda request: asked.append(request.url))
    keeper.start("worker")
    keeper.wait_for_end(member, "completed")
    assert asked == []
    protocol.send("Page.setWebLifecycleState", {"state": "active"})
    expect(member_page.get_by_text("Order completed").first).to_be_visible()


def test_a_lost_answer_never_orders_twice(
    keeper: Shopkeeper, member: Member, member_page: Page, context: BrowserContext
) -> None:
    """The shop has the order, the browser never hears so; the second try finds the same order."""
    book = keeper.book()
    keys: list[str] = []

    def lose(route: Route) -> None:
        if route.request.method == "POST":
            keys.append(route.request.headers["idempotency-key"])
        if len(keys) == 1:
            route.fetch()
            route.abort()
        else:
            route.continue_()

    context.route(re.compile("/placeorder$"), lose)
    order(member_page, book)
    expect(member_page.get_by_role("alert")).to_contain_text("You will not order twice.")
    keeper.wait_for_end(member, "completed")
    member_page.get_by_role("button", name="Try again").click()
    expect(member_page.get_by_text("Order completed").first).to_be_visible()
    assert len(keeper.orders(member)) == 1
    assert keys == [keys[0]] * 2


def test_a_closed_counter_is_one_sentence(keeper: Shopkeeper, member: Member, member_page: Page) -> None:
    """The gateway is down, then a service behind it; each time one can try again, and orders once."""
    book = keeper.book()
    member_page.goto(book.path)
    ask(member_page)
    keeper.stop("gateway")
    member_page.get_by_role("button", name="Place order").click()
    expect(member_page.get_by_role("alert")).to_contain_text("The shop cannot be reached.")
    keeper.start("gateway")
    keeper.stop("orders")
    member_page.get_by_role("button", name="Try again").click()
    expect(member_page.get_by_role("alert")).to_contain_text("The counter is closed for a moment.")
    keeper.start("orders")
    member_page.get_by_role("button", name="Try again").click()
    expect(member_page.get_by_text("Order completed").first).to_be_visible()
    assert len(keeper.orders(member)) == 1


def test_a_book_can_be_bought_by_keyboard_alone(keeper: Shopkeeper, member: Member, page: Page) -> None:
    """Every step has a visible focus; the dialog keeps it, and gives it back."""
    book = keeper.book()
    page.goto(f"/login?next={book.path}")
    expect(page.get_by_role("heading", name="Log in")).to_be_visible()
    tab_to(page, "Email")
    page.keyboard.type(member.email)
    tab_to(page, "Password")
    page.keyboard.type(member.password)
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
    for _ in range(8):  # more often than it has controls
        page.keyboard.press("Tab")
        assert page.evaluate("document.querySelector('[role=dialog]').contains(document.activeElement)")
    tab_to(page, "Place order")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Order completed").first).to_be_visible()
    tab_to(page, "See your orders")
    page.keyboard.press("Enter")
    expect(page.get_by_role("list", name="Orders")).to_contain_text(f"2 {TIMES} {book.price}")


def tab_to(page: Page, name: str) -> None:
    """Presses Tab until what has that name is focused, and looks whether that can be seen."""
    for _ in range(80):
        page.keyboard.press("Tab")
        if page.evaluate(FOCUSED_NAME) == name:
            outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
            assert outline == "solid", f"nobody sees that {name} is focused"
            return
    message = f"{name} cannot be reached by Tab"
    raise AssertionError(message)


FOCUSED_NAME = """
() => {
  const { ariaLabel, labels, textContent } = document.activeElement;
  return (ariaLabel ?? labels?.[0]?.textContent ?? textContent).trim();
}
"""


def test_what_happens_is_announced(keeper: Shopkeeper, member_page: Page) -> None:
    """Who cannot see the page hears that the order was placed, and how it ended."""
    book = keeper.book()
    member_page.add_init_script(HEAR)
    keeper.stop("worker")
    order(member_page, book)
    member_page.wait_for_function("() => heard.includes('Order placed. It is being processed.')")
    keeper.start("worker")
    member_page.wait_for_function("() => heard.includes('Order completed.')")
    member_page.get_by_role("link", name="See your orders").click()
    member_page.wait_for_function("() => heard.includes('Your orders')")


HEAR = """
window.heard = [];
new MutationObserver(() => {
  const words = document.querySelector("[role=status].sr-only")?.children ?? [];
  for (const { textContent } of words) if (!heard.includes(textContent)) heard.push(textContent);
}).observe(document, { childList: true, subtree: true });
"""
"""Keeps what is announced: each message is gone again after a few seconds."""


def test_a_dialog_whose_code_does_not_come_leaves_the_page_standing(keeper: Shopkeeper, member_page: Page) -> None:
    """The shopper is told, and may try again."""
    book = keeper.book()
    code = "**/assets/confirm-dialog-*.js"
    member_page.route(code, lambda route: route.abort())
    member_page.goto(book.path)
    member_page.get_by_role("button", name="Buy now").click()
    expect(member_page.get_by_text("This did not open.").first).to_be_attached()
    expect(member_page.get_by_role("heading", level=1, name=book.title)).to_be_visible()
    member_page.unroute(code)
    ask(member_page)
