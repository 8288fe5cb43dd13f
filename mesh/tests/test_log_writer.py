"""All log lines are written soon and in order, also by forked processes and at the end of a process."""

import io
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from mesh.log_writer import MAX_BUFFERED_LINES, LogWriter
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


@pytest.mark.unit
def test_a_reader_that_stops_reading_blocks_nothing() -> None:
    """Lines are kept up to a limit; further ones are dropped, and their number is reported when it reads again."""
    reading, writing = os.pipe()
    dropped: list[int] = []
    with os.fdopen(writing, "wb", buffering=0) as stream, os.fdopen(reading, "rb") as reader:
        writer = LogWriter(stream, dropped.append)
        for _ in range(2 * MAX_BUFFERED_LINES):
            writer.write(b"x" * 99 + b"\n")
        assert not writer.drain(timeout_seconds=0.1)
        read = threading.Thread(target=lambda: [reader.readline() for _ in range(MAX_BUFFERED_LINES)])
        read.start()
        read.join()
        wait_until(lambda: bool(dropped))
    assert MAX_BUFFERED_LINES / 2 < sum(dropped) <= MAX_BUFFERED_LINES


@pytest.mark.integration
@pytest.mark.parametrize("ended_by", ["sys.exit(3)", "os.kill(os.getpid(), signal.SIGTERM)"])
def test_a_process_ends_while_its_reader_does_not_read(ended_by: str) -> None:
    """The pipe is full, and the thread is blocked in a write."""
    program = (
        "import os, signal, sys\n"
        "from mesh.log_writer import LogWriter\n"
        "writer = LogWriter(sys.stderr.buffer)\n"
        "for _ in range(5000): writer.write(b'x' * 99 + b'\\n')\n"
        "writer.drain(0.3)\n"
        f"{ended_by}\n"
    )
    root = str(Path(__file__).resolve().parents[2])
    with subprocess.Popen([sys.executable, "-c", program], env={"PYTHONPATH": root}, stderr=subprocess.PIPE) as process:
        assert process.wait(20) in {3, -signal.SIGTERM}
        assert process.stderr is not None
        assert not process.stderr.read().replace(b"x" * 99 + b"\n", b"").strip(b"x\n")  # no traceback


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
