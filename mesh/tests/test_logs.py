"""A line is one JSON object for machines, or one plain line for people."""

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
    """Where the lines go, and the stream that takes them there."""

    output: io.BytesIO
    stream: LogWriter

    def text(self) -> bytes:
        """All that was written."""
        self.stream.drain()
        return self.output.getvalue()


Configure = Callable[..., Written]


@pytest.fixture
def configure(monkeypatch: pytest.MonkeyPatch) -> Iterator[Configure]:
    """Configures the logs of a process with settings, and answers where its lines go; undone at the end."""
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
    """The written lines, each read as JSON."""
    return [json.loads(line) for line in output.text().splitlines()]


def test_a_line_is_one_json_object(configure: Configure) -> None:
    """Event, level, service, source and time in UTC are there, beside what the code adds."""
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
    """What a user sends cannot forge a line."""
    output = configure(LOG_FORMAT="json")
    logs.get("x").info("call", text='a\n{"event": "forged"}')
    assert [line["event"] for line in lines(output)] == ["call"]


def test_a_line_knows_the_call_it_belongs_to(configure: Configure) -> None:
    """Every line that is written while a call is answered has its id."""
    output = configure(LOG_FORMAT="json")
    token = current_call.set(CallContext(request_id="id-1"))
    logs.get("x").info("inside")
    current_call.reset(token)
    logs.get("x").info("outside")
    assert [line.get("request_id") for line in lines(output)] == ["id-1", None]


def test_the_plain_form_is_for_people(configure: Configure) -> None:
    """The event and its values stand on one line, letters beyond ASCII included, and it is no JSON."""
    output = configure(LOG_FORMAT="plain")
    logs.get("x").info("stored", title="Émile")
    (line,) = output.text().decode().splitlines()
    assert "stored" in line
    assert "title=Émile" in line
    assert not line.startswith("{")


def test_json_is_the_form_without_a_terminal(configure: Configure) -> None:
    """A process whose output goes to a file or a collector writes JSON by itself."""
    output = configure()
    logs.get("x").info("ready")
    assert lines(output)[0]["event"] == "ready"


def test_lines_below_the_level_are_not_written(configure: Configure) -> None:
    """`LOG_LEVEL` decides."""
    output = configure(LOG_FORMAT="json", LOG_LEVEL="warning")
    logs.get("x").info("quiet")
    logs.get("x").warning("loud")
    assert [line["event"] for line in lines(output)] == ["loud"]


def test_other_libraries_warnings_come_in_the_same_form(configure: Configure) -> None:
    """A line of the standard library's logging is a line like ours, with its traceback, and its chatter is dropped."""
    output = configure(LOG_FORMAT="json")
    logging.getLogger("lib").info("chatter")
    try:
        int("boom")
    except ValueError:
        logging.getLogger("lib").exception("%d%% broken", 100)
    (line,) = lines(output)
    assert (line["event"], line["level"], line["source"]) == ("100% broken", "error", "lib")
    assert "ValueError: invalid literal" in line["exception"]


def test_a_level_of_another_librarys_own_is_no_crash(configure: Configure) -> None:
    """A level between two of ours counts as the lower one."""
    output = configure(LOG_FORMAT="json")
    logging.getLogger("lib").log(35, "in between")
    assert [(line["event"], line["level"]) for line in lines(output)] == [("in between", "warning")]


@pytest.mark.parametrize("environ", [{"LOG_LEVEL": "loud"}, {"LOG_FORMAT": "xml"}])
def test_a_bad_setting_is_named(configure: Configure, environ: dict[str, str]) -> None:
    """A word that is no level and no form is one sentence."""
    with pytest.raises(ConfigError, match=f"^{next(iter(environ))} must be "):
        configure(**environ)
