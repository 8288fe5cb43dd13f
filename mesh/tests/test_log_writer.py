"""All log lines are written soon and in order, also by forked processes and at the end of a process."""

import io
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from mesh.log_writer import LogWriter
from mesh.testing import wait_until


@pytest.mark.unit
def test_lines_are_written_soon_and_in_order() -> None:
    """No flush is needed."""
    output = io.BytesIO()
    writer = LogWriter(output)
    for number in range(1000):
        writer.write(b"%d\n" % number)
    wait_until(lambda: output.getvalue().endswith(b"999\n"))
    assert output.getvalue() == b"".join(b"%d\n" % number for number in range(1000))


@pytest.mark.unit
def test_no_line_of_many_threads_is_lost() -> None:
    """The lines of each thread are whole and in order."""
    output = io.BytesIO()
    writer = LogWriter(output)

    def write(name: int) -> None:
        for number in range(500):
            writer.write(b"%d %d\n" % (name, number))

    threads = [threading.Thread(target=write, args=(name,)) for name in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    writer.drain()
    written = [tuple(map(int, line.split())) for line in output.getvalue().splitlines()]
    assert len(written) == 8 * 500
    assert all([number for name, number in written if name == each] == list(range(500)) for each in range(8))


@pytest.mark.unit
def test_a_closed_pipe_does_not_stop_the_process() -> None:
    """The process continues without its log."""
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb", buffering=0) as stream:
        writer = LogWriter(stream)
        writer.write(b"not read\n")
        writer.drain()


@pytest.mark.integration
def test_the_last_lines_of_a_process_are_written(tmp_path: Path) -> None:
    """The process and its forked child each write their lines once."""
    program = tmp_path / "program.py"
    program.write_text(
        "import multiprocessing, sys\n"
        "from mesh.log_writer import LogWriter\n"
        "writer = LogWriter(sys.stderr.buffer)\n"
        "writer.write(b'before\\n')\n"
        "child = multiprocessing.get_context('fork').Process(target=writer.write, args=(b'child\\n',))\n"
        "child.start()\n"
        "child.join()\n"
        "writer.write(b'after\\n')\n"
    )
    root = str(Path(__file__).resolve().parents[2])
    done = subprocess.run(
        [sys.executable, str(program)], env={"PYTHONPATH": root}, capture_output=True, text=True, check=True
    )
    assert sorted(done.stderr.split()) == ["after", "before", "child"]
