"""The built pages are quick, and nothing on them moves."""

import json
import re
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.shopkeeper import Member, Shopkeeper

pytestmark = pytest.mark.e2e

LONGEST_TASK = 200
"""Milliseconds of processor time: what a page waits for on a busy machine is not its own."""
LARGEST_SHIFT = 0.02
OBSERVE = """
window.shift = 0;
new PerformanceObserver((list) => {
  for (const { value, hadRecentInput } of list.getEntries()) if (!hadRecentInput) shift += value;
}).observe({ type: "layout-shift", buffered: true });
"""
PAGES = {
    "/": "main article >> nth=11",
    "/books/2": "#neighbours",
    "/login": "main form",
    "/browse?genre=Poetry&sort=price": "main article >> nth=5",
}
"""Pages, each with what comes last on it."""
SETTLED = """() =>
document.fonts.status === "loaded" && [...document.querySelectorAll("main img")].every(
  ({ complete, naturalWidth, y }) => (complete && naturalWidth > 0) || y > innerHeight)
"""


def settle(page: Page, last: str) -> float:
    """Waits until all that belongs to the first screen is there; answers how far things have shifted."""
    expect(page.locator(last)).to_be_attached()
    page.wait_for_function(SETTLED)
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")
    return float(page.evaluate("shift"))


def longest_task(trace: bytes) -> float:
    """The longest task of the page's main thread."""
    events: list[dict[str, Any]] = json.loads(trace)["traceEvents"]
    threads = {(each["pid"], each["tid"]): each["args"]["name"] for each in events if each["name"] == "thread_name"}
    tasks: list[float] = [
        each["tdur"] / 1000
        for each in events
        if each["name"] == "RunTask" and threads.get((each["pid"], each["tid"])) == "CrRendererMain" and "tdur" in each
    ]
    assert len(tasks) > 10, "the browser's trace has changed its form"
    return max(tasks)


@pytest.mark.parametrize("width", [390, 1440])
@pytest.mark.parametrize("path", PAGES)
def test_a_page_opens_quickly_and_stands_still(chromium: Browser, page: Page, path: str, width: int) -> None:
    """No task blocks it for long, and nothing shifts while it loads for the first time."""
    page.set_viewport_size({"width": width, "height": 900})
    page.add_init_script(OBSERVE)
    chromium.start_tracing(page=page, categories=["disabled-by-default-devtools.timeline"])
    try:
        page.goto(path)
        shift = settle(page, PAGES[path])
    finally:
        trace = chromium.stop_tracing()
    assert longest_task(trace) <= LONGEST_TASK
    assert shift < LARGEST_SHIFT


def test_filters_and_pages_shift_nothing(page: Page) -> None:
    """Choosing, searching, scrolling and going to a book leave everything in its place."""
    page.add_init_script(OBSERVE.replace("if (!hadRecentInput) ", ""))  # also at once after a click or a key
    page.goto("/")
    settle(page, PAGES["/"])
    page.get_by_role("button", name=re.compile("^Fantasy")).click()
    expect(page.get_by_role("heading", level=1, name="Fantasy")).to_be_visible()
    page.get_by_role("searchbox").fill("wind")
    books = page.get_by_role("list", name="Books").get_by_role("listitem")
    expect(books).to_have_count(1)
    page.get_by_role("button", name="Clear all").click()
    expect(books.nth(11)).to_be_attached()
    books.nth(11).scroll_into_view_if_needed()
    expect(books.nth(20)).to_be_attached()
    books.nth(11).get_by_role("link").click()
    assert settle(page, "#neighbours") < LARGEST_SHIFT


def test_the_orders_stand_still(keeper: Shopkeeper, member: Member, member_page: Page) -> None:
    """While the page finds out who is there, and loads what they bought."""
    keeper.place_order(member, keeper.book())
    keeper.wait_for_end(member, "completed")
    member_page.add_init_script(OBSERVE)
    member_page.goto("/myorders")
    assert settle(member_page, "main article") < LARGEST_SHIFT


def test_images_come_when_they_are_needed(page: Page) -> None:
    """Covers far below are not asked for at first, and every cover keeps its place free."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/images/books/" in request.url else None)
    page.set_viewport_size({"width": 1440, "height": 600})
    page.add_init_script(OBSERVE)
    page.goto("/")
    settle(page, PAGES["/"])
    covers = page.locator("main img")
    assert all(covers.nth(each).get_attribute("width") for each in range(12))
    assert 4 <= len(set(asked)) <= 24


def test_the_first_page_loads_one_route_only(page: Page) -> None:
    """What belongs to a book, to orders or to the forms comes later; every script is packed and kept for good."""
    scripts: dict[str, dict[str, str]] = {}
    page.on(
        "response",
        lambda answer: scripts.update({answer.url: answer.headers}) if answer.url.endswith(".js") else None,
    )
    page.goto("/")
    expect(page.locator(PAGES["/"])).to_be_attached()
    names = " ".join(scripts)
    assert "/assets/browse-" in names
    assert not re.search("/assets/(book|my-orders|log-in|sign-up|confirm-dialog|dialog)-", names)
    for url, headers in scripts.items():
        if "/assets/" in url:
            assert "immutable" in headers["cache-control"]
    assert any(headers.get("content-encoding") == "gzip" for headers in scripts.values())
