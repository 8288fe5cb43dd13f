"""A log line is one JSON object for machines, or one line of plain text for people."""

import io
import json
import logging
import sys
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pytest
import structlog

from mesh import logs
from mesh.context import CallContext, current_call
from mesh.env import ConfigError
from mesh.log_writer import LogWriter

pytestmark = pytest.mark.unit


class Written(NamedTuple):
    """The written lines, and the writer that writes them."""

    output: io.BytesIO
    writer: LogWriter

    def text(self) -> bytes:
        """Return all that was written."""
        self.writer.drain()
        return self.output.getvalue()


Configure = Callable[..., Written]


@pytest.fixture
def configure(monkeypatch: pytest.MonkeyPatch) -> Iterator[Configure]:
    """Return a function that configures the logs and returns the written lines; it is undone at the end."""
    before, root = structlog.get_config(), logging.getLogger()
    handlers, level = root.handlers[:], root.level

    def configured(**environ: str) -> Written:
        output = io.BytesIO()
        monkeypatch.setattr(sys, "stderr", io.TextIOWrapper(output, encoding="utf-8", write_through=True))
        return Written(output, logs.configure("books", environ))

    yield configured
    structlog.configure(**before)
    root.handlers[:] = handlers
    root.setLevel(level)


def lines(output: Written) -> list[dict[str, Any]]:
    """Return the written lines, parsed as JSON."""
    return [json.loads(line) for line in output.text().splitlines()]


def test_a_line_is_one_json_object(configure: Configure) -> None:
    """It has event, level, service, source and the time in UTC, in addition to the logged values."""
    output = configure(LOG_FORMAT="json")
    logs.get("books.store").info("stored", book_id=7, price="10.99")
    (line,) = lines(output)
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "event": "stored",
        "level": "info",
        "service": "books",
        "source": "books.store",
        "book_id": 7,
        "price": "10.99",
    }


def test_a_line_break_does_not_make_a_second_line(configure: Configure) -> None:
    """Input of a user cannot forge a line."""
    output = configure(LOG_FORMAT="json")
    logs.get("x").info("call", text='a\n{"event": "forged"}')
    assert [line["event"] for line in lines(output)] == ["call"]


def test_a_line_has_the_request_id_of_its_call(configure: Configure) -> None:
    """Every line that is written during a call has its id."""
    output = configure(LOG_FORMAT="json")
    token = current_call.set(CallContext(request_id="id-1"))
    logs.get("x").info("inside")
    current_call.reset(token)
    logs.get("x").info("outside")
    assert [line.get("request_id") for line in lines(output)] == ["id-1", None]


def test_the_plain_form_is_for_people(configure: Configure) -> None:
    """The event and its values are on one line, with letters beyond ASCII, and not as JSON."""
    output = configure(LOG_FORMAT="plain")
    logs.get("x").info("stored", title="Émile")
    (line,) = output.text().decode().splitlines()
    assert "stored" in line
    assert "title=Émile" in line
    assert not line.startswith("{")


def test_without_a_terminal_the_default_is_json(configure: Configure) -> None:
    """A process whose output is a file or a pipe writes JSON."""
    output = configure()
    logs.get("x").info("ready")
    assert lines(output)[0]["event"] == "ready"


def test_lines_below_the_level_are_not_written(configure: Configure) -> None:
    """`LOG_LEVEL` sets the threshold."""
    output = configure(LOG_FORMAT="json", LOG_LEVEL="warning")
    logs.get("x").info("quiet")
    logs.get("x").warning("loud")
    assert [line["event"] for line in lines(output)] == ["loud"]


def test_warnings_of_other_libraries_have_the_same_form(configure: Configure) -> None:
    """A record of the standard library becomes a line with its traceback; records below WARNING are dropped."""
    output = configure(LOG_FORMAT="json")
    logging.getLogger("lib").info("chatter")
    try:
        int("boom")
    except ValueError:
        logging.getLogger("lib").exception("%d%% broken", 100)
    (line,) = lines(output)
    assert (line["event"], line["level"], line["source"]) == ("100% broken", "error", "lib")
    assert "ValueError: invalid literal" in line["exception"]


def test_a_custom_level_counts_as_the_next_lower_one(configure: Configure) -> None:
    """Structlog knows the standard levels only."""
    output = configure(LOG_FORMAT="json")
    logging.getLogger("lib").log(35, "in between")
    assert [(line["event"], line["level"]) for line in lines(output)] == [("in between", "warning")]


@pytest.mark.parametrize("environ", [{"LOG_LEVEL": "loud"}, {"LOG_FORMAT": "xml"}])
def test_an_invalid_setting_is_named(configure: Configure, environ: dict[str, str]) -> None:
    """An unknown level or form is one sentence."""
    with pytest.raises(ConfigError, match=f"^{next(iter(environ))} must be "):
        configure(**environ)
