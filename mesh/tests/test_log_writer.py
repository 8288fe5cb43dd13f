"""LogWriter are written soon, all of them and in order, also by processes that were forked, and at the end."""

import io
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from mesh.log_writer import LogWriter


@pytest.mark.unit
def test_lines_are_written_soon_and_in_order() -> None:
    """Nobody has to ask for it."""
    output = io.BytesIO()
    lines = LogWriter(output)
    for number in range(1000):
        lines.write(b"%d\n" % number)
    wait_for(lambda: output.getvalue().endswith(b"999\n"))
    assert output.getvalue() == b"".join(b"%d\n" % number for number in range(1000))


@pytest.mark.unit
def test_no_line_of_many_threads_is_lost() -> None:
    """Each thread's lines come whole and in their order."""
    output = io.BytesIO()
    lines = LogWriter(output)

    def write(name: int) -> None:
        for number in range(500):
            lines.write(b"%d %d\n" % (name, number))

    threads = [threading.Thread(target=write, args=(name,)) for name in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    lines.drain()
    written = [tuple(map(int, line.split())) for line in output.getvalue().splitlines()]
    assert len(written) == 8 * 500
    assert all([number for name, number in written if name == each] == list(range(500)) for each in range(8))


@pytest.mark.unit
def test_a_reader_that_is_gone_is_no_crash() -> None:
    """The process goes on without its log."""
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb", buffering=0) as stream:
        lines = LogWriter(stream)
        lines.write(b"nobody reads this\n")
        lines.drain()


@pytest.mark.integration
def test_the_last_lines_of_a_process_are_written(tmp_path: Path) -> None:
    """Those of the process itself, and those of the one that it forked, once each."""
    program = tmp_path / "program.py"
    program.write_text(
        "import multiprocessing, sys\n"
        "from mesh.log_writer import LogWriter\n"
        "lines = LogWriter(sys.stderr.buffer)\n"
        "lines.write(b'before\\n')\n"
        "child = multiprocessing.get_context('fork').Process(target=lines.write, args=(b'child\\n',))\n"
        "child.start()\n"
        "child.join()\n"
        "lines.write(b'after\\n')\n"
    )
    root = str(Path(__file__).resolve().parents[2])
    done = subprocess.run(
        [sys.executable, str(program)], env={"PYTHONPATH": root}, capture_output=True, text=True, check=True
    )
    assert sorted(done.stderr.split()) == ["after", "before", "child"]


def wait_for(condition: object) -> None:
    """Returns when the condition holds."""
    assert callable(condition)
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)
