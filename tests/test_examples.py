"""The reader of the documents' examples notices a wrong one."""

from pathlib import Path

import pytest

from tests.examples import Example, read_examples

pytestmark = pytest.mark.unit

DOCUMENT = """
Prose.

```bash
curl -s localhost:5001/health
```

Output:

```json
{"status": "ok"}
```

```bash
first
```

```
no example
```

```bash
grpcurl localhost:50052 list
```

```text
ERROR: …
```
"""


def test_blocks_and_their_output_are_read() -> None:
    """Each example has its line; a block without a language is prose."""
    examples = list(read_examples(DOCUMENT))
    assert [(each.line, each.language, each.fails) for each in examples] == [
        (4, "json", False),
        (14, "", False),
        (22, "text", True),
    ]
    assert examples[1].script == "first\n"


def test_output_without_commands_is_a_mistake() -> None:
    """It would never be compared."""
    with pytest.raises(ValueError, match="line 1"):
        list(read_examples("```json\n{}\n```\n"))


def test_ports_are_replaced_by_those_of_the_product() -> None:
    """Only whole numbers are replaced: 5005 is not part of 50052."""
    example = Example(1, "curl localhost:5005/x 127.0.0.1:50052\n")
    command = example.command({5005: 7, 50052: 8}, Path("out"))
    assert "curl localhost:7/x 127.0.0.1:8\n" in command


@pytest.mark.parametrize(
    ("expected", "output"),
    [
        ('{"a": 1}', '{"a": 1}'),
        ('{"a": "eyJ…"}', '{"a": "eyJhbGciOi"}'),
        ('{"order_id": 3}', '{"order_id": 12}'),
        ('{"order_date": "Tue, 12 Aug 2025"}', '{"order_date": "Wed, 13 Aug 2026"}'),
        ('[1, "…"]', "[1, 2, 3]"),
        ('[{"a": [1]}]', '[{"a": [1]}]'),
    ],
)
def test_equal_output_has_no_difference(expected: str, output: str) -> None:
    """Varying values may differ."""
    assert Example(1, "", "json", expected).difference(output) == ""


@pytest.mark.parametrize(
    ("expected", "output"),
    [
        ('{"a": 1}', '{"a": 2}'),
        ('{"a": 1}', '{"a": 1, "b": 2}'),
        ('{"a": 1, "b": 2}', '{"a": 1}'),
        ('{"a": 1}', '{"a": true}'),
        ('{"a": "x…"}', '{"a": "y"}'),
        ('{"order_id": 3}', '{"order_id": "3"}'),
        ('{"order_date": "Tue, 12 Aug 2025"}', '{"order_date": "2025-08-12"}'),
        ("[1, 2]", "[1]"),
        ('[1, "…"]', "[2]"),
        ('[1, 2, "…"]', "[1]"),
        ('{"a": [{"b": 1}]}', '{"a": [{"b": 2}]}'),
    ],
)
def test_a_difference_is_described(expected: str, output: str) -> None:
    """Another value, key, type, format or number of elements is a difference."""
    assert Example(1, "", "json", expected).difference(output)


def test_text_is_compared_as_a_whole() -> None:
    """Only surrounding blanks and wildcards are ignored."""
    assert not Example(1, "", "text", "SERVING\n").difference("SERVING\n")
    assert not Example(1, "", "text", "a …\nc\n").difference("a b\nc")
    assert Example(1, "", "text", "SERVING\n").difference("NOT_SERVING\n")
