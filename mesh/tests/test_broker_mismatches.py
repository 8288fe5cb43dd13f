"""The broker's sentences about differences are parsed, and only differences that lose messages are problems."""

import pytest

from mesh.broker.mismatches import Found, exchange_problems, parse_mismatch, queue_problems

pytestmark = pytest.mark.unit

START = "PRECONDITION_FAILED - inequivalent arg"
RETRY_ARGUMENTS = {"x-message-ttl": 1000, "x-dead-letter-exchange": "things", "x-dead-letter-routing-key": "thing.new"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # RabbitMQ 3.10 and 4.3
        (
            (
                f"{START} 'x-queue-type' for queue 'q' in vhost '/': received none but current is the value 'quorum' of"
                " type 'longstr'"
            ),
            ("x-queue-type", "quorum"),
        ),
        (
            f"{START} 'x-queue-type' for queue 'q' in vhost '/': received 'quorum' but current is 'classic'",
            ("x-queue-type", "classic"),
        ),
        (
            (
                f"{START} 'x-message-ttl' for queue 'a 'b'' in vhost '/': received none but current is the value '5000'"
                " of type 'signedint'"
            ),
            ("x-message-ttl", 5000),
        ),
        (
            (
                f"{START} 'x-single-active-consumer' for queue 'q' in vhost '/': received none but current is the value"
                " 'true' of type 'bool'"
            ),
            ("x-single-active-consumer", True),
        ),
        (f"{START} 'durable' for queue 'q' in vhost '/': received 'true' but current is 'false'", ("durable", False)),
        (
            f"{START} 'type' for exchange 'e' in vhost '/': received 'direct' but current is 'fanout'",
            ("type", "fanout"),
        ),
        (
            (
                f"{START} 'x-message-ttl' for queue 'q' in vhost '/': received the value '1000' of type 'signedint' but"
                " current is none"
            ),
            ("x-message-ttl", None),
        ),
        ("PRECONDITION_FAILED - unknown delivery tag 7", None),
        (f"{START} 'x-queue-type' for queue 'q' in vhost '/': received none but current is the val", None),  # truncated
    ],
)
def test_the_existing_value_is_read_from_the_sentence(text: str, expected: tuple[str, object] | None) -> None:
    """A sentence of another form, or one that was truncated, is no difference that is known."""
    assert parse_mismatch(text) == expected


@pytest.mark.parametrize(
    "found",
    [
        {},
        {"x-queue-type": "quorum", "x-delivery-limit": 5},
        {"x-dead-letter-exchange": "theirs", "x-max-priority": 5, "x-single-active-consumer": True},
        {"x-max-length": 5, "x-overflow": "reject-publish"},
    ],
)
def test_a_queue_that_keeps_its_messages_is_no_problem(found: Found) -> None:
    """Its type, its limits and its dead letters are the operator's decisions."""
    assert queue_problems("q", {}, found) == []
    assert queue_problems("q", RETRY_ARGUMENTS, {"x-queue-type": "quorum"}) == []


@pytest.mark.parametrize(
    ("found", "words"),
    [
        ({"durable": False}, "not durable"),
        ({"auto_delete": True}, "auto-delete"),
        ({"x-expires": 5000}, "x-expires"),
        ({"x-message-ttl": 5000, "x-queue-type": "quorum"}, "drops messages that are 5000 ms old"),
        ({"x-max-length": 5}, "drops its oldest messages"),
        ({"x-max-length-bytes": 5, "x-overflow": "drop-head"}, "drops its oldest messages"),
        ({"x-queue-type": "stream"}, "stream"),
    ],
)
def test_a_queue_that_loses_messages_is_a_problem(found: Found, words: str) -> None:
    """There is one sentence, which names the queue."""
    (sentence,) = queue_problems("q", {}, found)
    assert sentence.startswith("The queue q ")
    assert words in sentence
    assert sentence.endswith(".")


@pytest.mark.parametrize("found", [{"x-message-ttl": None}, {"x-dead-letter-routing-key": "other", "durable": False}])
def test_a_retry_queue_that_keeps_its_messages_is_a_problem(found: Found) -> None:
    """Its messages would never return to the queue that they came from."""
    (sentence,) = queue_problems("q.retry", RETRY_ARGUMENTS, found)
    assert sentence.startswith("The queue q.retry does not return its messages as it must (x-")


@pytest.mark.parametrize(
    ("kind", "found", "words"),
    [
        ("direct", {}, []),
        ("direct", {"type": "topic", "alternate-exchange": "theirs"}, []),
        ("direct", {"type": "fanout"}, ["has the type fanout instead of direct"]),
        ("fanout", {"type": "direct"}, ["has the type direct instead of fanout"]),
        ("direct", {"internal": True, "durable": False}, ["internal", "not durable"]),
        ("direct", {"auto_delete": True}, ["auto-delete"]),
    ],
)
def test_an_exchange_that_routes_otherwise_is_a_problem(kind: str, found: Found, words: list[str]) -> None:
    """A topic exchange routes keys without wildcards as a direct one does."""
    sentences = exchange_problems("e", kind, found)
    assert len(sentences) == len(words)
    assert all(word in sentence for word, sentence in zip(words, sentences, strict=True))
