"""The built pages load quickly, and their layout does not shift."""

import json
import re
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.actions import listed_books
from tests.browser.backend import Backend, User

pytestmark = pytest.mark.e2e

MAX_TASK_MS = 200
"""Processor time, which unlike elapsed time does not depend on how busy the machine is."""
MAX_LAYOUT_SHIFT = 0.02
OBSERVE_SHIFTS = """
window.shift = 0;
new PerformanceObserver((list) => {
  for (const { value, hadRecentInput } of list.getEntries()) if (!hadRecentInput) shift += value;
}).observe({ type: "layout-shift", buffered: true });
"""
LAST_ELEMENTS = {
    "/": "main article >> nth=11",
    "/books/2": "#related-books",
    "/login": "main form",
    "/browse?genre=Poetry&sort=price": "main article >> nth=5",
}
"""Pages, each with the element that is rendered last."""
IS_SETTLED = """() =>
document.fonts.status === "loaded" && [...document.querySelectorAll("main img")].every(
  ({ complete, naturalWidth, y }) => (complete && naturalWidth > 0) || y > innerHeight)
"""


def settle(page: Page, last: str) -> float:
    """Wait until everything on the first screen has loaded, and return the layout shift."""
    expect(page.locator(last)).to_be_attached()
    page.wait_for_function(IS_SETTLED)
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")
    return float(page.evaluate("shift"))


def longest_task(trace: bytes) -> float:
    """Return the processor time of the longest task on the page's main thread, in milliseconds."""
    events: list[dict[str, Any]] = json.loads(trace)["traceEvents"]
    threads = {(each["pid"], each["tid"]): each["args"]["name"] for each in events if each["name"] == "thread_name"}
    tasks: list[float] = [
        each["tdur"] / 1000
        for each in events
        if each["name"] == "RunTask" and threads.get((each["pid"], each["tid"])) == "CrRendererMain" and "tdur" in each
    ]
    assert len(tasks) > 10, "the format of the browser's trace has changed"
    return max(tasks)


@pytest.mark.parametrize("width", [390, 1440])
@pytest.mark.parametrize("path", LAST_ELEMENTS)
def test_a_page_loads_quickly_and_does_not_shift(chromium: Browser, page: Page, path: str, width: int) -> None:
    """No task blocks the page for long, and nothing shifts during the first load."""
    page.set_viewport_size({"width": width, "height": 900})
    page.add_init_script(OBSERVE_SHIFTS)
    chromium.start_tracing(page=page, categories=["disabled-by-default-devtools.timeline"])
    try:
        page.goto(path)
        shift = settle(page, LAST_ELEMENTS[path])
    finally:
        trace = chromium.stop_tracing()
    assert longest_task(trace) <= MAX_TASK_MS
    assert shift < MAX_LAYOUT_SHIFT


def test_filters_and_pages_shift_nothing(page: Page) -> None:
    """Filtering, searching, scrolling and opening a book do not shift the layout."""
    page.add_init_script(OBSERVE_SHIFTS.replace("if (!hadRecentInput) ", ""))  # counts shifts after input, too
    page.goto("/")
    settle(page, LAST_ELEMENTS["/"])
    page.get_by_role("button", name=re.compile("^Fantasy")).click()
    expect(page.get_by_role("heading", level=1, name="Fantasy")).to_be_visible()
    page.get_by_role("searchbox").fill("wind")
    books = listed_books(page)
    expect(books).to_have_count(1)
    page.get_by_role("button", name="Clear all").click()
    expect(books.nth(11)).to_be_attached()
    books.nth(11).scroll_into_view_if_needed()
    expect(books.nth(20)).to_be_attached()
    books.nth(11).get_by_role("link").click()
    assert settle(page, "#related-books") < MAX_LAYOUT_SHIFT


def test_the_orders_do_not_shift(backend: Backend, user: User, user_page: Page) -> None:
    """Nothing shifts while the session and the orders load."""
    backend.place_and_complete_order(user, backend.book())
    user_page.add_init_script(OBSERVE_SHIFTS)
    user_page.goto("/myorders")
    assert settle(user_page, "main article") < MAX_LAYOUT_SHIFT


def test_covers_load_when_they_are_needed(page: Page) -> None:
    """Covers far below are not requested at first, and every cover reserves its space."""
    requested: list[str] = []
    page.on("request", lambda request: requested.append(request.url) if "/images/books/" in request.url else None)
    page.set_viewport_size({"width": 1440, "height": 600})
    page.add_init_script(OBSERVE_SHIFTS)
    page.goto("/")
    settle(page, LAST_ELEMENTS["/"])
    covers = page.locator("main img")
    assert all(covers.nth(each).get_attribute("width") for each in range(12))
    assert 4 <= len(set(requested)) <= 24


def test_the_first_page_loads_one_route_only(page: Page) -> None:
    """The code of books, orders and forms loads later. Every script is compressed, and cached without a time limit."""
    scripts: dict[str, dict[str, str]] = {}
    page.on(
        "response",
        lambda response: scripts.update({response.url: response.headers}) if response.url.endswith(".js") else None,
    )
    page.goto("/")
    expect(page.locator(LAST_ELEMENTS["/"])).to_be_attached()
    names = " ".join(scripts)
    assert "/assets/browse-" in names
    assert not re.search("/assets/(book|my-orders|log-in|sign-up|confirm-dialog|dialog)-", names)
    for url, headers in scripts.items():
        if "/assets/" in url:
            assert "immutable" in headers["cache-control"]
    assert any(headers.get("content-encoding") == "gzip" for headers in scripts.values())
