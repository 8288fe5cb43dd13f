"""What the browser tests do and check on more than one page."""

from playwright.sync_api import Locator, Page, expect

from tests.browser.backend import Book, User


def listed_books(page: Page) -> Locator:
    """Return the items of the list of books."""
    return page.get_by_role("list", name="Books").get_by_role("listitem")


def open_confirm_dialog(page: Page) -> None:
    """Open the dialog that confirms an order, on the page of a book."""
    page.get_by_role("button", name="Buy now").click()
    expect(page.get_by_role("dialog", name="Place this order?")).to_be_visible()


def place_order(page: Page, book: Book) -> None:
    """Open the page of a book and place an order."""
    page.goto(book.path)
    open_confirm_dialog(page)
    page.get_by_role("button", name="Place order").click()


def expect_pending(page: Page) -> None:
    """Expect the order to be processed and the button to be disabled."""
    expect(page.get_by_role("button", name="Order is processing")).to_be_disabled()
    expect(page.get_by_role("progressbar", name="Order is processing")).to_be_visible()


def expect_completed(page: Page) -> None:
    """Expect the page to show that the order is completed."""
    expect(page.get_by_text("Order completed").first).to_be_visible()


def log_in(page: Page, user: User) -> None:
    """Fill in the log-in form and submit it."""
    expect(page.get_by_role("heading", level=1, name="Log in")).to_be_visible()
    page.get_by_label("Email").fill(user.email)
    expect(page.get_by_label("Email")).to_have_value(user.email)
    page.get_by_label("Password", exact=True).fill(user.password)
    page.get_by_role("button", name="Log in").click()
