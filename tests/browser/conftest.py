"""The whole product as processes, and a browser that opens its pages."""

from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, expect, sync_playwright

from database.engine import Database, parse_url
from launcher import frontend_build
from mesh.env import read_environment
from tests.browser.backend import Backend, User
from tests.harness import Product, running_product

CHROMIUM = "/usr/bin/chromium"
CHROMIUM_FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PROCESSES = ("users", "books", "orders", "worker", "gateway", "frontend")
EXPECT_TIMEOUT_MS = 30_000
"""Long, because the machine may be busy."""

expect.set_options(timeout=EXPECT_TIMEOUT_MS)


@pytest.fixture(scope="session")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """The whole product with pages built from the current sources. The worker processes orders without a delay."""
    frontend_build.build(read_environment(), print)
    with running_product(tmp_path_factory.mktemp("shop"), *PROCESSES) as started:
        yield started


@pytest.fixture(scope="session")
def session_backend(product: Product) -> Iterator[Backend]:
    """The backend that all tests share."""
    database = Database(parse_url(f"sqlite:///{product.folder}/data/bookstore.db"))
    yield Backend(product, database)
    database.close()


@pytest.fixture
def backend(session_backend: Backend) -> Iterator[Backend]:
    """The backend. Processes that a test has stopped run again afterwards."""
    yield session_backend
    session_backend.start(*PROCESSES)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium."""
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_FLAGS)
        yield started
        started.close()


@pytest.fixture
def open_context(chromium: Browser, product: Product) -> Iterator[Callable[..., BrowserContext]]:
    """Open browser contexts. Fails if a page logged an error, such as a CSP violation, or requested another host."""
    contexts: list[BrowserContext] = []
    violations: list[str] = []

    def record_error(message: ConsoleMessage) -> None:
        # The console reports each 4xx and 5xx response as an error; the tests cause some on purpose.
        if message.type == "error" and not message.text.startswith("Failed to load resource"):
            violations.append(message.text)

    def record_foreign_request(request: Request) -> None:
        if urlsplit(request.url).hostname != urlsplit(product.pages).hostname and not request.url.startswith("data:"):
            violations.append(request.url)

    def open_one(**options: object) -> BrowserContext:
        context = chromium.new_context(base_url=product.pages, **options)  # type: ignore[arg-type] # any option of Playwright
        context.set_default_timeout(EXPECT_TIMEOUT_MS)
        context.on("request", record_foreign_request)
        context.on("console", record_error)
        context.on("weberror", lambda error: violations.append(str(error.error)))
        contexts.append(context)
        return context

    yield open_one
    for context in contexts:
        context.close()
    assert violations == []


@pytest.fixture
def context(open_context: Callable[..., BrowserContext]) -> BrowserContext:
    """A browser context without a session."""
    return open_context()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    """A guest's tab."""
    return context.new_page()


@pytest.fixture
def user(backend: Backend) -> User:
    """A user with an account and without orders."""
    return backend.create_user()


@pytest.fixture
def user_page(backend: Backend, user: User, context: BrowserContext) -> Page:
    """A tab of the user, whose browser has the refresh cookie of a log-in."""
    value = backend.log_in(user).cookies["refresh_token"]
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
