"""A lane runs and keeps a bounded number of requests, and shares them fairly between addresses."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from mesh.testing import wait_until
from mesh.web.lanes import MAX_WAIT_SECONDS, Lane, Lanes, LaneState

pytestmark = pytest.mark.unit

TIMEOUT_SECONDS = 30
ADA, BOB, EVE = "192.0.2.1", "192.0.2.2", "192.0.2.3"


class Shop:
    """Lanes whose requests are texts; one that starts with `slow` runs until it is released."""

    def __init__(self, waiting: int = 3) -> None:
        self.ran: list[str] = []
        self.refused: list[tuple[str, LaneState]] = []
        self.seconds = 0.0
        self.released = threading.Event()
        lanes = {"books": Lane(running=1, waiting=waiting), "users": Lane(running=1, waiting=waiting)}
        self.lanes = Lanes[str](lanes, self._run, lambda *refused: self.refused.append(refused), lambda: self.seconds)

    def _run(self, request: str) -> None:
        self.ran.append(request)
        if request.startswith("slow"):
            assert self.released.wait(TIMEOUT_SECONDS)

    @contextmanager
    def busy(self) -> Iterator[None]:
        """Keep the only thread of the lane `books` inside the block; afterwards, wait until all has run."""
        thread = threading.Thread(target=self.lanes.submit, args=("books", EVE, "slow"))
        thread.start()
        wait_until(lambda: bool(self.ran))
        yield
        self.released.set()
        thread.join(TIMEOUT_SECONDS)


def test_a_request_runs_on_the_thread_that_brings_it() -> None:
    """Nothing else happens while its lane has threads left."""
    shop = Shop()
    shop.lanes.submit("books", ADA, "one")
    shop.lanes.submit("books", ADA, "two")
    assert (shop.ran, shop.refused) == (["one", "two"], [])


def test_a_busy_lane_leaves_others_alone() -> None:
    """A request of another lane runs at once."""
    shop = Shop()
    with shop.busy():
        shop.lanes.submit("users", ADA, "log in")
        assert shop.ran == ["slow", "log in"]


def test_addresses_take_turns() -> None:
    """A request of the second address does not wait for all of the first one."""
    shop = Shop()
    with shop.busy():
        for address, request in ((ADA, "a1"), (ADA, "a2"), (BOB, "b1")):
            shop.lanes.submit("books", address, request)
        assert shop.ran == ["slow"]
    assert shop.ran == ["slow", "a1", "b1", "a2"]


def test_the_address_with_most_requests_gives_way() -> None:
    """When all places are taken, it loses its newest request, and the refusal states what the lane does."""
    shop = Shop()
    with shop.busy():
        for request in ("a1", "a2", "a3"):
            shop.lanes.submit("books", ADA, request)
        shop.lanes.submit("books", BOB, "b1")
        shop.lanes.submit("books", ADA, "a4")
        refused = [(request, vars(state)) for request, state in shop.refused]
    full = {"lane": "books", "running": 1, "waiting": 3}
    assert refused == [("a3", {**full, "refused": 1}), ("a4", {**full, "refused": 2})]
    assert shop.ran == ["slow", "a1", "b1", "a2"]


def test_a_request_does_not_wait_for_long() -> None:
    """It is refused while the thread is still busy, and the thread continues with the next one."""
    shop = Shop()
    with shop.busy():
        shop.lanes.submit("books", ADA, "old")
        shop.seconds = MAX_WAIT_SECONDS + 1
        shop.lanes.submit("books", ADA, "new")
        shop.lanes.refuse_late()
        assert [(request, state.refused) for request, state in shop.refused] == [("old", 1)]
    assert shop.ran == ["slow", "new"]


@pytest.mark.parametrize("submit", [lambda shop: shop.lanes.submit("books", ADA, "next")])
def test_the_thread_is_free_after_the_last_request(submit: Callable[[Shop], None]) -> None:
    """The lane starts anew."""
    shop = Shop(waiting=0)
    with shop.busy():
        submit(shop)
    assert [request for request, _ in shop.refused] == ["next"]
    submit(shop)
    assert shop.ran == ["slow", "next"]
