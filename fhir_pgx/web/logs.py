"""Our own server's log: on each line of a request its id, and nothing that was read or asked.

Two forms (setting `log_format`). `text` is for people: level, logger, message; lines that are JSON
already stay so. `json` is for collectors: every line one JSON object with time, level, logger,
request and message; of a line that is JSON already, its members.

The libraries that we use log addresses, and an address may hold an id or a question: they are not
listened to, whatever the level. Where an exception is logged its message is left out, because it
may quote what was being read; the places in the code stay.
"""

import logging
import sys
import traceback
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from fhir_pgx.web.noted import REQUEST_ID

# They would name what is asked of other servers, or of us.
_UNHEARD: Final = (
    "urllib3", "requests", "werkzeug", "psycopg", "sqlalchemy", "charset_normalizer", "granian",
    "_granian", "asyncio",
)  # fmt: skip
# Their messages are JSON objects.
STRUCTURED: Final = ("fhir_pgx.audit", "fhir_pgx.request", "fhir_pgx.security")
_encode = msgspec.json.Encoder().encode


class WithRequest(logging.Filter):
    """Gives each record the id of the request that is being answered, empty outside of one."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.request = REQUEST_ID.get()
        return True


class WithoutAddress(logging.Filter):
    """Of what Flask itself logs of an error that nobody answered, the type and the places alone:
    it would name the address, and hand on the exception with its message."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.exc_info and record.exc_info[0]:
            places = "".join(traceback.format_tb(record.exc_info[2]))
            record.msg, record.args = (
                "an answer failed: %s\n%s",
                (
                    record.exc_info[0].__name__,
                    places,
                ),
            )
            record.exc_info = record.exc_text = None
        return True


_without_address = WithoutAddress()


def hide_addresses(app_name: str) -> None:
    """Keep Flask from logging addresses of an app of ours; for its logger, which has its name."""
    logging.getLogger(app_name).addFilter(_without_address)


class _WithoutMessages(logging.Formatter):
    """Of an exception the type and the places, without the message."""

    def formatException(self, ei: Any) -> str:  # noqa: N802 - logging's name
        kind, _, found = ei
        places = "".join(traceback.format_tb(found)).rstrip()
        return f"{places}\n{kind.__name__ if kind else 'no exception'}"


class TextLines(_WithoutMessages):
    """`ERROR fhir_pgx.web [request]: message`, without the brackets outside of a request."""

    def format(self, record: logging.LogRecord) -> str:
        message = record.getMessage()
        if not (record.name in STRUCTURED and message.startswith("{")):
            return super().format(record)
        request = getattr(record, "request", "")
        if request and '"request":' not in message:
            return f'{{"request":"{request}",{message[1:]}'
        return message

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's name
        request = getattr(record, "request", "")
        within = f" [{request}]" if request else ""
        return f"{record.levelname} {record.name}{within}: {record.message}"


class JsonLines(_WithoutMessages):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
        }
        if request := getattr(record, "request", ""):
            line["request"] = request
        message = record.getMessage()
        if record.name in STRUCTURED and message.startswith("{"):
            line |= msgspec.json.decode(message)
        else:
            line["message"] = message
        if record.exc_info and record.exc_info[0]:
            line["places"] = self.formatException(record.exc_info)
        return _encode(line).decode()


def log_to_stderr(level: str, form: str = "text") -> None:
    """Set up the log of this process. An app that mounts us keeps its own set-up, so this is our
    server's and nobody else's."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines() if form == "json" else TextLines())
    handler.addFilter(WithRequest())
    ours = logging.getLogger("fhir_pgx")
    ours.handlers, ours.propagate = [handler], False
    ours.setLevel(level.upper())
    for name in _UNHEARD:
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
