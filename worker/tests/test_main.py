"""The command line and the settings of the worker are checked before it starts."""

from collections.abc import Mapping, Sequence

import pytest

from worker import __main__ as program

pytestmark = pytest.mark.unit


def main(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    """Run the program without configuring the logs of the test process."""
    return program.main(arguments, environ, configure_logs=lambda *_: None)


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"WORKER_PULSE_FILE": "no/such/folder"}, "worker: WORKER_PULSE_FILE: The folder no/such does not exist.\n"),
        ({}, "worker: JWT_SECRET_KEY is not set, and neither is MESH_SECRET.\n"),
        (
            {"WORKER_CONCURRENCY": "1001"},
            "worker: WORKER_CONCURRENCY must be a whole number from 1 to 1000, not '1001'.\n",
        ),
        ({"ORDER_PROCESSING_SECONDS": "soon"}, "worker: ORDER_PROCESSING_SECONDS must be a number of seconds "),
    ],
)
def test_an_invalid_setting_is_reported_in_one_sentence(
    capsys: pytest.CaptureFixture[str], settings: dict[str, str], sentence: str
) -> None:
    """The sentence names the setting, and the exit status is 2."""
    assert main([], settings) == 2
    printed = capsys.readouterr().err
    assert printed.startswith(sentence)
    assert printed.count("\n") == 1


def test_the_commands_for_dead_letters_need_a_broker_or_credentials(capsys: pytest.CaptureFixture[str]) -> None:
    """With a broker they need no secret; without one, they call the orders service."""
    assert main(["dead", "list"], {"RABBIT_URL": "amqp://127.0.0.1:1"}) == 1
    assert capsys.readouterr().err.startswith("worker: The broker at 127.0.0.1:1 cannot be used: ")
    assert main(["dead", "list"], {}) == 2
    assert capsys.readouterr().err == "worker: JWT_SECRET_KEY is not set, and neither is MESH_SECRET.\n"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["dead", "redrive"], "one of the arguments id --all is required"),
        (["alive"], "invalid choice: 'alive'"),
    ],
)
def test_an_invalid_command_line_is_reported(
    capsys: pytest.CaptureFixture[str], arguments: list[str], sentence: str
) -> None:
    """The exit status is 2."""
    with pytest.raises(SystemExit) as ended:
        main(arguments, {})
    assert ended.value.code == 2
    assert sentence in capsys.readouterr().err
