"""The whole product, and a browser that looks at its pages."""

from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, expect, sync_playwright

from database.engine import Database, parse_url
from launcher import shop
from mesh.env import read_environment
from tests.browser.shopkeeper import Member, Shopkeeper
from tests.harness import Product, running_product

CHROMIUM = "/usr/bin/chromium"
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PARTS = ("users", "books", "orders", "worker", "gateway", "frontend")
PATIENCE = 30_000
"""Milliseconds that a page gets to show what it should: the machine may be busy."""

expect.set_options(timeout=PATIENCE)


@pytest.fixture(scope="session")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """All of it, with the pages as their sources are today. Orders end at once, when the worker runs."""
    shop.build(read_environment(), print)
    with running_product(tmp_path_factory.mktemp("shop"), *PARTS) as started:
        yield started


@pytest.fixture(scope="session")
def opened(product: Product) -> Iterator[Shopkeeper]:
    """Who stands behind the counter all the time."""
    database = Database(parse_url(f"sqlite:///{product.folder}/data/bookstore.db"))
    yield Shopkeeper(product, database)
    database.close()


@pytest.fixture
def keeper(opened: Shopkeeper) -> Iterator[Shopkeeper]:
    """The same, and whatever a test has stopped runs again afterwards."""
    yield opened
    opened.start(*PARTS)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Debian's own browser."""
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield started
        started.close()


@pytest.fixture
def open_context(chromium: Browser, product: Product) -> Iterator[Callable[..., BrowserContext]]:
    """Opens browsers that know nothing yet. At the end no page may have broken, or have asked another host."""
    contexts: list[BrowserContext] = []
    wrong: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        # An answer such as 401 is an error to the console, and a part of the story to us.
        if message.type == "error" and not message.text.startswith("Failed to load resource"):
            wrong.append(message.text)

    def watch(request: Request) -> None:
        if urlsplit(request.url).hostname != urlsplit(product.pages).hostname and not request.url.startswith("data:"):
            wrong.append(request.url)

    def open_one(**options: object) -> BrowserContext:
        context = chromium.new_context(base_url=product.pages, **options)  # type: ignore[arg-type] # as a test wishes
        context.set_default_timeout(PATIENCE)
        context.on("request", watch)
        context.on("console", listen)
        context.on("weberror", lambda error: wrong.append(str(error.error)))
        contexts.append(context)
        return context

    yield open_one
    for context in contexts:
        context.close()
    assert wrong == []


@pytest.fixture
def context(open_context: Callable[..., BrowserContext]) -> BrowserContext:
    """A browser without a session."""
    return open_context()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    """A guest's tab."""
    return context.new_page()


@pytest.fixture
def member(keeper: Shopkeeper) -> Member:
    """Somebody with an account and without orders."""
    return keeper.member()


@pytest.fixture
def member_page(keeper: Shopkeeper, member: Member, context: BrowserContext) -> Page:
    """A tab of the member, whose browser holds the cookie of a log-in."""
    value = keeper.log_in(member).cookies["refresh_token"]
    context.add_cookies(
        [
            {
                "name": "refresh_token",
                "value": value,
                "domain": "localhost",
                "path": "/refresh-token",
                "httpOnly": True,
                "secure": True,
                "sameSite": "Strict",
            }
        ]
    )
    return context.new_page()
