"""The shop works while something else changes its pages, or while the browser forbids what it uses."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.actions import expect_completed, listed_books, log_in, place_order
from tests.browser.backend import Backend, User

pytestmark = pytest.mark.e2e

ORDERS_PER_PAGE = 6
TRANSLATE = """
() => {
  const translate = () => {
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const texts = [];
    while (walker.nextNode()) texts.push(walker.currentNode);
    for (const text of texts) {
      const parent = text.parentNode;
      if (!text.data.trim() || parent.closest("font, script, style, title")) continue;
      const font = document.createElement("font");
      font.append(document.createElement("font"));
      font.firstChild.textContent = text.data;
      parent.insertBefore(font, text);
      parent.removeChild(text);
    }
  };
  new MutationObserver(translate).observe(document.body, { childList: true, subtree: true, characterData: true });
  translate();
}
"""
"""What Google's translator does with the texts of a page and with each later one, without changing the words."""
FORBID = """
(() => {
  const forbid = () => { throw new DOMException("Access is denied for this document.", "SecurityError"); };
  for (const name of ["localStorage", "sessionStorage"]) Object.defineProperty(window, name, { get: forbid });
  window.BroadcastChannel = function () { forbid(); };
  navigator.locks.request = () => Promise.reject(new DOMException("Denied.", "SecurityError"));
})();
"""
"""What browsers do when the user blocks cookies and the data of sites."""


def test_a_translated_text_changes(user_page: Page, user: User, backend: Backend) -> None:
    """The number of the page is a text of its own between others, and React holds the one that was replaced."""
    book = backend.book()
    for _ in range(ORDERS_PER_PAGE + 1):
        backend.place_and_complete_order(user, book)
    user_page.goto("/myorders")
    expect(user_page.get_by_text("Page 1 of 2", exact=True)).to_be_visible()
    user_page.evaluate(TRANSLATE)
    user_page.get_by_role("link", name="Older").click()
    expect(user_page.get_by_text("Page 2 of 2", exact=True)).to_be_visible()


def test_a_translated_shop_sells_a_book(user_page: Page, backend: Backend) -> None:
    """No page fails when it removes a text that was replaced."""
    user_page.goto("/")
    expect(listed_books(user_page).first).to_be_visible()
    user_page.evaluate(TRANSLATE)
    user_page.get_by_role("searchbox").fill("austen")
    expect(user_page.get_by_role("heading", level=1, name="“austen”")).to_be_visible()
    expect(listed_books(user_page)).to_have_count(1)
    user_page.get_by_role("searchbox").fill("")
    expect(user_page.get_by_role("heading", level=1, name="All books")).to_be_visible()
    book = backend.book()
    user_page.goto(book.path)
    expect(user_page.get_by_role("heading", level=1, name=book.title)).to_be_visible()
    user_page.evaluate(TRANSLATE)
    user_page.get_by_role("button", name="Buy now").click()
    user_page.get_by_role("button", name="Place order").click()
    expect_completed(user_page)
    user_page.get_by_role("link", name=re.compile("orders", re.IGNORECASE)).first.click()
    expect(user_page.get_by_role("heading", level=1, name=re.compile("orders", re.IGNORECASE))).to_be_visible()


def test_a_browser_without_storage_and_locks_buys_a_book(page: Page, user: User, backend: Backend) -> None:
    """The tabs then know nothing of each other; the refresh cookie restores the session of each."""
    page.add_init_script(FORBID)
    page.goto("/login")
    log_in(page, user)
    expect(page.get_by_role("button", name="Log out")).to_be_visible()
    place_order(page, backend.book())
    expect_completed(page)
