"""One line a happening: JSON for machines, a plain form on a terminal."""

import logging
import sys
from collections.abc import Mapping
from typing import Any, BinaryIO, cast

import orjson
import structlog

from mesh import env
from mesh.call import current
from mesh.lines import Lines


def configure(service: str, environ: Mapping[str, str]) -> Lines:
    """Sets up structlog for this process, and sends the standard library's warnings through it; answers the stream.

    Args:
        service: name of this process on every line.
        environ: holds `LOG_LEVEL` and `LOG_FORMAT` (json or plain; when not set, plain on a terminal only).

    Raises:
        ConfigError: when one of them is bad.
    """
    level = env.choice(environ, "LOG_LEVEL", "info", ("debug", "info", "warning", "error"))
    form = env.choice(environ, "LOG_FORMAT", "plain" if sys.stderr.isatty() else "json", ("json", "plain"))
    threshold = logging.getLevelNamesMapping()[level.upper()]
    lines = Lines(sys.stderr.buffer)
    shared: list[structlog.typing.Processor] = [
        _naming(service),
        _add_call,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    renderer: list[structlog.typing.Processor] = (
        [_encoded(structlog.dev.ConsoleRenderer(pad_event_to=8, colors=False))]
        if form == "plain"
        else [structlog.processors.JSONRenderer(serializer=_to_json)]
    )
    structlog.configure(
        processors=shared + renderer,
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=structlog.BytesLoggerFactory(cast("BinaryIO", lines)),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(handlers=[_Forward()], level=max(threshold, logging.WARNING), force=True)
    return lines


def get(name: str) -> structlog.typing.FilteringBoundLogger:
    """A logger; configured when it is first used, so that modules may hold one."""
    logger: structlog.typing.FilteringBoundLogger = structlog.get_logger(source=name)
    return logger


def _naming(service: str) -> structlog.typing.Processor:
    def add(_: object, __: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
        event["service"] = service
        return event

    return add


def _add_call(_: object, __: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    call = current.get()
    if call is not None:
        event.setdefault("request_id", call.request_id)
    return event


def _to_json(event: Any, **_: object) -> bytes:  # noqa: ANN401 - structlog hands over whatever was logged
    return orjson.dumps(event, default=str)


def _encoded(renderer: structlog.dev.ConsoleRenderer) -> structlog.typing.Processor:
    def render(logger: Any, name: str, event: structlog.typing.EventDict) -> bytes:  # noqa: ANN401 - structlog's own signature
        return renderer(logger, name, event).encode("utf-8", "replace")

    return render


class _Forward(logging.Handler):
    """Hands records of other libraries to structlog."""

    def emit(self, record: logging.LogRecord) -> None:
        level = min(record.levelno // 10 * 10, logging.CRITICAL)  # structlog knows no levels between the usual ones
        try:
            get(record.name).log(level, record.getMessage(), exc_info=record.exc_info or None)
        except Exception:  # noqa: BLE001 - as every handler: a line that cannot be written is no reason to fail
            self.handleError(record)
