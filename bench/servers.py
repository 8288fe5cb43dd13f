"""A temporary database on a running server."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import create_engine, make_url, text


@contextmanager
def fresh_database(url: str | None) -> Iterator[dict[str, str]]:
    """Yield the settings for a new database on the server, or none for the default, a SQLite file."""
    if url is None:
        yield {}
        return
    name = f"bench_{secrets.token_hex(4)}"
    server = create_engine(make_url(url), isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"))
    try:
        yield {"dbURL": make_url(url).set(database=name).render_as_string(hide_password=False)}
    finally:
        with server.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name}"))
        server.dispose()
