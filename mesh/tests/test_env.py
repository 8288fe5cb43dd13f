"""Settings are read strictly, and errors name the variable and contain nothing secret."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mesh import env
from mesh.env import ConfigError

pytestmark = pytest.mark.unit

LONG = "0123456789abcdef" * 2


@pytest.mark.parametrize("value", ["", "   "])
def test_an_empty_setting_counts_as_not_set(value: str) -> None:
    """`NAME=` in a file is the same as no line."""
    assert env.text({"NAME": value}, "NAME", "default") == "default"
    with pytest.raises(ConfigError, match=r"^NAME is not set\.$"):
        env.text({"NAME": value}, "NAME")


def test_surrounding_whitespace_is_removed() -> None:
    """A blank at the end of a line in `.env` is not part of the value."""
    assert env.text({"NAME": " a b "}, "NAME") == "a b"


@pytest.mark.parametrize("value", ["x", "1.5", "-1", "11", "1e3", "nan", "9" * 30])
def test_an_invalid_whole_number_is_an_error(value: str) -> None:
    """The message has the name and the range."""
    with pytest.raises(ConfigError, match=r"^SIZE must be a whole number from 0 to 10, not '.+'\.$"):
        env.integer({"SIZE": value}, "SIZE", 5, maximum=10)


def test_a_whole_number_may_be_either_bound() -> None:
    """The range includes its bounds; the default applies when nothing is set."""
    assert [env.integer({"SIZE": value}, "SIZE", 5, maximum=10) for value in ("0", "10", "")] == [0, 10, 5]


@pytest.mark.parametrize("value", ["x", "-0.1", "10.1", "nan", "inf"])
def test_an_invalid_duration_is_an_error(value: str) -> None:
    """A duration is neither negative nor infinite nor NaN."""
    with pytest.raises(ConfigError, match=r"^WAIT must be a number of seconds from 0 to 10, not '.+'\.$"):
        env.seconds({"WAIT": value}, "WAIT", 5, maximum=10)


def test_a_duration_may_have_decimals() -> None:
    """Half a second is a duration; so is zero."""
    assert [env.seconds({"WAIT": value}, "WAIT", 5) for value in ("0.5", "0", "")] == [0.5, 0.0, 5.0]


@pytest.mark.parametrize(
    ("value", "expected"), [("TRUE", True), ("1", True), ("on", True), ("no", False), ("0", False)]
)
def test_a_flag_accepts_the_usual_words(value: str, expected: bool) -> None:  # noqa: FBT001 - a value of the table
    """Each of them is accepted in any case."""
    assert env.flag({"FLAG": value}, "FLAG", default=not expected) is expected


def test_another_word_is_not_a_flag() -> None:
    """An ambiguous word is an error."""
    with pytest.raises(ConfigError, match=r"^FLAG must be true or false, not 'maybe'\.$"):
        env.flag({"FLAG": "Maybe"}, "FLAG", default=True)


def test_names_are_split_at_commas() -> None:
    """Blanks and empty parts are removed."""
    assert env.names({"LIST": " a, b,,c "}, "LIST", "") == ("a", "b", "c")
    assert env.names({}, "LIST", "x,y") == ("x", "y")


def test_a_choice_is_one_of_its_words() -> None:
    """Case does not matter; the error for another word lists the valid ones."""
    assert env.choice({"FORM": "JSON"}, "FORM", "plain", ("json", "plain")) == "json"
    with pytest.raises(ConfigError, match=r"^FORM must be json or plain, not 'xml'\.$"):
        env.choice({"FORM": "xml"}, "FORM", "plain", ("json", "plain"))


def test_a_secret_has_at_least_32_bytes() -> None:
    """One byte less is an error; bytes are counted, not characters."""
    assert env.secret({"KEY": LONG}, "KEY") == LONG
    assert env.secret({"KEY": "éèêëàâä!" * 3}, "KEY") == "éèêëàâä!" * 3
    with pytest.raises(ConfigError, match=r"^KEY must have at least 32 bytes"):
        env.secret({"KEY": LONG[1:]}, "KEY")


@pytest.mark.parametrize(
    "value",
    [
        "x" * 64,
        "ab" * 32,
        "change-me" * 8,
        "CHANGE_ME_to_something_of_32_bytes_or_more",
        "changeme, changeme, changeme, changeme",
        "please-change-this-before-you-go-to-production",
        "replace_me_with_the_output_of_openssl_rand",
        "your-256-bit-secret-your-256-bit-secret",
        "your_jwt_secret_key_goes_in_this_place_here",
        "insert a long random secret here, 32 bytes",
        "placeholder-placeholder-placeholder",
    ],
)
def test_a_secret_that_is_easy_to_guess_is_an_error(value: str) -> None:
    """Repeated characters and copied examples are not keys, whatever their length; the message omits them."""
    with pytest.raises(ConfigError, match=r"^KEY is easy to guess; ") as raised:
        env.secret({"KEY": value}, "KEY")
    assert value not in str(raised.value)


@pytest.mark.parametrize("read", [env.secret, env.text])
def test_a_missing_secret_is_named(read: Callable[..., Any]) -> None:
    """A setting without a default is required."""
    with pytest.raises(ConfigError, match=r"^KEY is not set\.$"):
        read({}, "KEY")


def test_an_error_never_contains_a_secret() -> None:
    """A key that is too short is still a secret."""
    with pytest.raises(ConfigError) as raised:
        env.secret({"KEY": "hunter2"}, "KEY")
    assert "hunter2" not in str(raised.value)


def test_the_environment_takes_precedence_over_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The `.env` of the working directory provides what the environment does not set."""
    (tmp_path / ".env").write_text("FROM_FILE=file\nFROM_BOTH=file\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FROM_BOTH", "environment")
    settings = env.read_environment()
    assert (settings["FROM_FILE"], settings["FROM_BOTH"]) == ("file", "environment")


@pytest.mark.parametrize("value", ["", "tcp://10.0.0.1:50051", "udp://10.0.0.1:53", "tcp://[fd00::1]:80"])
def test_the_address_that_kubernetes_sets_is_no_port(value: str) -> None:
    """A Service named `books` sets `BOOKS_PORT` in every container of its namespace."""
    assert env.port({"BOOKS_PORT": value}, "BOOKS_PORT", 5002) == 5002


@pytest.mark.parametrize("value", ["0", "65536", "tcp", "http://10.0.0.1"])
def test_an_invalid_port_is_an_error(value: str) -> None:
    """The message has the name and the range."""
    with pytest.raises(ConfigError, match=r"^BOOKS_PORT must be a whole number from 1 to 65535, not '.+'\.$"):
        env.port({"BOOKS_PORT": value}, "BOOKS_PORT", 5002)


@pytest.mark.parametrize(
    ("value", "address"),
    [("127.0.0.1", "127.0.0.1"), ("::1", "::1"), ("[::1]", "::1"), ("0.0.0.0", "0.0.0.0"), ("localhost", "127.0.0.1")],
)
def test_a_host_is_an_address_or_a_name(value: str, address: str) -> None:
    """A name is resolved, because not every server takes one."""
    assert env.host({"HOST": value}, "HOST", "192.0.2.1") == address


@pytest.mark.parametrize("value", ["no such host", "300.1.1.1", "http://localhost", "a" * 300, "é..é"])
def test_an_invalid_host_is_an_error(value: str) -> None:
    """The message has the name and what is expected."""
    with pytest.raises(ConfigError, match=r"^HOST must be the IP address or the name of an interface of this machine"):
        env.host({"HOST": value}, "HOST", "192.0.2.1")


FILES = {
    "UTF-8": "NAME=é\n".encode(),
    "with a byte order mark": "NAME=é\n".encode("utf-8-sig"),
    "with the line ends of Windows": "OTHER=1\r\nNAME=é\r\n".encode(),
}


@pytest.mark.parametrize("content", FILES.values(), ids=FILES)
def test_a_file_of_any_editor_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    """The encoding of the terminal does not matter."""
    (tmp_path / ".env").write_bytes(content)
    monkeypatch.chdir(tmp_path)
    assert env.read_environment()["NAME"] == "é"


@pytest.mark.parametrize(
    "content", ["NAME=é".encode("latin-1"), "NAME=e".encode("utf-16"), "NAME=e".encode("utf-16-le")]
)
def test_a_file_in_another_encoding_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes
) -> None:
    """One sentence says what to do."""
    (tmp_path / ".env").write_bytes(content)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match=r"^\.env is not encoded in UTF-8: save it in this encoding\.$"):
        env.read_environment()


def test_what_is_no_file_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A directory cannot be read, and a pipe would be read without end."""
    monkeypatch.chdir(tmp_path)
    for create in (os.mkdir, os.mkfifo):
        create(".env")
        with pytest.raises(ConfigError, match=r"^\.env must be a file with lines such as NAME=value: "):
            env.read_environment()
        (tmp_path / ".env").rename(tmp_path / create.__name__)


def test_a_file_that_may_not_be_read_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The message has the reason. A link in a circle stands for it, because root may read every file."""
    (tmp_path / ".env").symlink_to(".env")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(
        ConfigError, match=r"^\.env cannot be read \(.+\): change its owner or its mode, or move it away\.$"
    ):
        env.read_environment()


def test_an_empty_device_is_an_empty_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Containers mount `/dev/null` in place of a file that they must not read."""
    (tmp_path / ".env").symlink_to(os.devnull)
    monkeypatch.chdir(tmp_path)
    assert "NAME" not in env.read_environment()
