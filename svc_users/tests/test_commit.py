"""A connection that is lost at COMMIT, on a real server."""

from datetime import UTC, datetime

import pytest

from database.engine import Database
from database.options import ConnectionOptions
from database.tests.rows import count
from mesh.errors import AlreadyExists
from svc_users.store.users import UserStore
from tests.servers.commit_proxy import CommitFault, CommitProxy

NOW = datetime(2025, 8, 12, 22, 19, 44, 123456, tzinfo=UTC)


@pytest.mark.integration
@pytest.mark.parametrize("engine", ["server"], indirect=True)
@pytest.mark.parametrize("fault", CommitFault)
def test_a_failed_commit_creates_the_account_once(file_database: Database, fault: CommitFault) -> None:
    """The account is found by its email, and recognised by its password hash."""
    with CommitProxy(int(file_database.url.port or 0)) as proxy:
        database = Database(file_database.url.set(host="127.0.0.1", port=proxy.port), ConnectionOptions(tls="off"))
        proxy.fault = fault
        user = UserStore(database).create("ann", "ann@example.org", "hash of ann", NOW)
        assert (proxy.faults, count(file_database, "Users")) == (1, 1)
        database.close()
    assert UserStore(file_database).get(user.user_id) == user
    with pytest.raises(AlreadyExists):
        UserStore(file_database).create("bob", "ann@example.org", "hash of bob", NOW)
