"""What runs the documents' examples would notice a wrong one."""

from pathlib import Path

import pytest

from tests.examples import Example, read_examples

pytestmark = pytest.mark.unit

DOCUMENT = """
Words.

```bash
curl -s localhost:5001/health
```

It answers:

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


def test_blocks_and_what_they_print_are_found() -> None:
    """Each with its line; a block of no language is words."""
    found = list(read_examples(DOCUMENT))
    assert [(each.line, each.language, each.fails) for each in found] == [
        (4, "json", False),
        (14, "", False),
        (22, "text", True),
    ]
    assert found[1].script == "first\n"


def test_output_without_commands_is_a_mistake() -> None:
    """It would never be compared with anything."""
    with pytest.raises(ValueError, match="line 1"):
        list(read_examples("```json\n{}\n```\n"))


def test_ports_are_those_of_the_product() -> None:
    """As a whole: 5005 is not in 50052."""
    example = Example(1, "curl localhost:5005/x 127.0.0.1:50052\n")
    command = example.command({5005: 7, 50052: 8}, Path("out"))
    assert "curl localhost:7/x 127.0.0.1:8\n" in command


@pytest.mark.parametrize(
    ("shown", "printed"),
    [
        ('{"a": 1}', '{"a": 1}'),
        ('{"a": "eyJ…"}', '{"a": "eyJhbGciOi"}'),
        ('{"order_id": 3}', '{"order_id": 12}'),
        ('{"order_date": "Tue, 12 Aug 2025"}', '{"order_date": "Wed, 13 Aug 2026"}'),
        ('[1, "…"]', "[1, 2, 3]"),
        ('[{"a": [1]}]', '[{"a": [1]}]'),
    ],
)
def test_what_is_shown_is_found(shown: str, printed: str) -> None:
    """And what varies may vary."""
    assert Example(1, "", "json", shown).differs(printed) == ""


@pytest.mark.parametrize(
    ("shown", "printed"),
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
def test_what_differs_is_told(shown: str, printed: str) -> None:
    """With the place."""
    assert Example(1, "", "json", shown).differs(printed)


def test_text_is_compared_as_a_whole() -> None:
    """But for the blanks around it and what varies."""
    assert not Example(1, "", "text", "SERVING\n").differs("SERVING\n")
    assert not Example(1, "", "text", "a …\nc\n").differs("a b\nc")
    assert Example(1, "", "text", "SERVING\n").differs("NOT_SERVING\n")
