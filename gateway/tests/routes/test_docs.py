"""`/docs` shows the OpenAPI document of its port, and sends requests to it, under a strict content security policy."""

import re
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from playwright.sync_api import Page, sync_playwright
from werkzeug.serving import make_server

from gateway.app import create_app
from gateway.routes import docs
from gateway.tests.fakes import Services, bearer, config

ROOT = Path(__file__).resolve().parents[3]
CHROMIUM = "/usr/bin/chromium"
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
PAGE_TIMEOUT_MILLISECONDS = 30_000
TOKENS = re.compile(r"--([a-z-]+): (#[0-9a-f]{6});")


@pytest.fixture
def page(services: Services) -> Iterator[Page]:
    """A browser with the docs page. At the end, the console is empty and no request went to another host."""
    server = make_server("127.0.0.1", 0, create_app(config(), services.stubs()), threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    origin = f"http://127.0.0.1:{server.server_port}"
    problems: list[str] = []
    with sync_playwright() as playwright, playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS) as browser:
        page = browser.new_page()
        page.set_default_timeout(PAGE_TIMEOUT_MILLISECONDS)
        page.on("console", lambda message: problems.append(message.text))
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("request", lambda sent: None if sent.url.startswith((origin, "data:")) else problems.append(sent.url))
        page.goto(f"{origin}/docs")
        yield page
    server.shutdown()
    thread.join()
    server.server_close()
    assert problems == []


@pytest.mark.integration
def test_try_it_sends_requests_with_the_token(page: Page, services: Services) -> None:
    """The page needs nothing inline and nothing from elsewhere; its requests carry the token that the user entered."""
    page.get_by_role("button", name="Authorize").click()
    dialog = page.locator(".dialog-ux")
    dialog.get_by_label("auth-bearer-value").first.fill(bearer()["Authorization"].removeprefix("Bearer "))
    dialog.get_by_role("button", name="Apply credentials").first.click()
    dialog.get_by_role("button", name="Close").first.click()
    operation = page.locator("#operations-display_orders-listMyOrders")
    operation.get_by_role("button").first.click()
    operation.get_by_role("button", name="Execute").click()
    response = operation.locator(".live-responses-table")
    assert response.locator(".response > .response-col_status").inner_text() == "200"
    assert '"title": "Emma"' in response.inner_text()
    assert services.list_orders.requests[0].user_id == 7


@pytest.mark.integration
def test_try_it_can_log_in(page: Page, services: Services) -> None:
    """The page is of the same origin as the routes that refuse pages of other sites."""
    operation = page.locator("#operations-users-login")
    operation.get_by_role("button").first.click()
    operation.get_by_role("button", name="Execute").click()
    response = operation.locator(".live-responses-table")
    assert '"access_token": "access"' in response.inner_text()
    assert len(services.login.requests) == 1


@pytest.mark.unit
@pytest.mark.parametrize("path", ["/docs", "/docs/docs.css", "/docs/docs.js"])
def test_the_page_loads_only_its_own_files(client: FlaskClient, path: str) -> None:
    """The policy allows the page's own files only, and there is nothing inline or from elsewhere in them."""
    response = client.get(path)
    policy = response.headers["Content-Security-Policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert not [word for word in ("https://", "http://", "<style", " style=", " onclick=") if word in response.text]


@pytest.mark.unit
@pytest.mark.parametrize(("path", "file"), docs.FILES.items())
def test_a_file_is_sent_once(client: FlaskClient, path: str, file: Path) -> None:
    """The second request sends its ETag and gets 304."""
    first = client.get(path)
    assert (first.status_code, first.data) == (200, file.read_bytes())
    second = client.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert (second.status_code, second.data) == (304, b"")


@pytest.mark.unit
def test_the_page_has_the_colours_of_the_shop() -> None:
    """They are those of the shop's light theme."""
    tokens = (ROOT / "frontend" / "src" / "styles" / "tokens.css").read_text("utf-8")
    light_theme = tokens.partition('[data-theme="dark"]')[0]
    colours = dict(TOKENS.findall((docs.STATIC / "docs.css").read_text("utf-8")))
    assert colours
    assert colours.items() <= dict(TOKENS.findall(light_theme)).items()
