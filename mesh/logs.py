"""Structured logs: one line per event, as JSON for machines or as plain text on a terminal."""

import logging
import sys
from collections.abc import Mapping
from typing import Any, BinaryIO, cast

import orjson
import structlog

from mesh import env
from mesh.context import current_call
from mesh.log_writer import LogWriter
from mesh.streams import open_missing_streams


def configure(service: str, environ: Mapping[str, str]) -> LogWriter:
    """Configure structlog for this process, forward the warnings of the standard library to it, and return its writer.

    Args:
        service: name of this process, on every line.
        environ: holds `LOG_LEVEL` and `LOG_FORMAT` (json or plain; by default plain on a terminal, else json).

    Raises:
        ConfigError: one of them is invalid.
    """
    open_missing_streams()
    level = env.choice(environ, "LOG_LEVEL", "info", ("debug", "info", "warning", "error"))
    form = env.choice(environ, "LOG_FORMAT", "plain" if sys.stderr.isatty() else "json", ("json", "plain"))
    threshold = logging.getLevelNamesMapping()[level.upper()]
    writer = LogWriter(sys.stderr.buffer, _report_dropped)
    processors: list[structlog.typing.Processor] = [
        _add_service(service),
        _add_call,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    renderer: list[structlog.typing.Processor] = (
        [_encode(structlog.dev.ConsoleRenderer(pad_event_to=8, colors=False))]
        if form == "plain"
        else [structlog.processors.JSONRenderer(serializer=_to_json)]
    )
    structlog.configure(
        processors=processors + renderer,
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=structlog.BytesLoggerFactory(cast("BinaryIO", writer)),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(handlers=[_Forward()], level=max(threshold, logging.WARNING), force=True)
    return writer


def get(name: str) -> structlog.typing.FilteringBoundLogger:
    """Return a logger. It is configured at its first use, so that modules can hold one."""
    logger: structlog.typing.FilteringBoundLogger = structlog.get_logger(source=name)
    return logger


def _add_service(service: str) -> structlog.typing.Processor:
    def add(_: object, __: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
        event["service"] = service
        return event

    return add


def _add_call(_: object, __: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    call = current_call.get()
    if call is not None:
        event.setdefault("request_id", call.request_id)
    return event


def _to_json(event: Any, **_: object) -> bytes:  # noqa: ANN401 - structlog passes any logged value
    return orjson.dumps(event, default=str)


def _encode(renderer: structlog.dev.ConsoleRenderer) -> structlog.typing.Processor:
    def render(logger: Any, name: str, event: structlog.typing.EventDict) -> bytes:  # noqa: ANN401 - structlog's own signature
        return renderer(logger, name, event).encode("utf-8", "replace")

    return render


def _report_dropped(lines: int) -> None:
    get("mesh.logs").warning("log lines were dropped, because their reader did not read them", lines=lines)


class _Forward(logging.Handler):
    """Forwards the records of other libraries to structlog."""

    def emit(self, record: logging.LogRecord) -> None:
        level = min(record.levelno // 10 * 10, logging.CRITICAL)  # structlog has no levels between the usual ones
        try:
            get(record.name).log(level, record.getMessage(), exc_info=record.exc_info or None)
        except Exception:  # noqa: BLE001 - as in every handler: a line that cannot be written must not fail the program
            self.handleError(record)
