"""The rules that delay log-ins: guessing is slow from any number of networks, and the owner gets in meanwhile."""

import heapq
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from svc_users.throttle_rules import (
    FAILURE_LIFETIME,
    TURN_INTERVAL,
    AccountFailures,
    Admission,
    Counters,
    LoginFailures,
    LoginKey,
    ThrottlePolicy,
    network_of,
)

pytestmark = pytest.mark.unit

NOW = datetime(2025, 8, 12, 22, 19, 44, tzinfo=UTC)
DAY = timedelta(days=1)
EMAIL = "ann@example.org"
POLICY = ThrottlePolicy(free_attempts=10, max_delay=timedelta(seconds=300))
"""The policy of the default settings."""


def test_the_delay_doubles_up_to_its_maximum() -> None:
    """There is no delay while attempts are free; then it is one second, two, four, and never above the maximum."""
    policy = ThrottlePolicy(free_attempts=3, max_delay=timedelta(seconds=20))
    delays = [int(policy.delay_after(count).total_seconds()) for count in range(10)]
    assert delays == [0, 0, 0, 1, 2, 4, 8, 16, 20, 20]
    assert policy.delay_after(10**6) == timedelta(seconds=20)
    assert not ThrottlePolicy(free_attempts=1, max_delay=timedelta()).delay_after(100)


def test_each_failure_blocks_the_account_and_extends_its_memory() -> None:
    """The account is blocked for the delay, and its failures expire a day after the last one."""
    policy = ThrottlePolicy(free_attempts=3, max_delay=timedelta(seconds=20))
    expected = LoginFailures("account", 4, NOW + timedelta(seconds=2), NOW + FAILURE_LIFETIME)
    assert policy.failures_after("account", 4, NOW) == expected


@dataclass
class Shop:
    """The counters of one account as the database holds them, and the log-ins that were allowed."""

    policy: ThrottlePolicy = POLICY
    own: dict[str, LoginFailures] = field(default_factory=dict)
    account: AccountFailures | None = None
    guesses: Counter[str] = field(default_factory=Counter)

    def try_password(self, now: datetime, network: str, device: str = "", *, correct: bool = False) -> timedelta:
        """Try a password, and return the time to wait; zero when the password was checked."""
        key = LoginKey.of(EMAIL, network, device)
        stored = Counters(self.own.get(key.own), self.account if key.account else None)
        admission: Admission = self.policy.admit(key, stored, now)
        self._store(key, admission.counters)
        if admission.wait:
            return admission.wait
        if not correct:
            self.guesses[network] += 1
            if not admission.counted:
                self._store(key, self.policy.count_failure(key, admission.counters, now))
        return timedelta()

    def _store(self, key: LoginKey, counters: Counters) -> None:
        if counters.own:
            self.own[key.own] = counters.own
        if key.account:
            self.account = counters.account


def attack(shop: Shop, networks: int, start: datetime, duration: timedelta) -> None:
    """Guess from many networks for this time; each tries again as soon as it may, and in the meantime in vain."""
    due = [(start, number) for number in range(networks)]
    while due[0][0] < start + duration:
        now, number = heapq.heappop(due)
        wait = shop.try_password(now, f"192.0.2.{number}")
        if wait and number % 10 == 0:  # attempts that come too early must not change anything
            assert shop.try_password(now + wait / 2, f"192.0.2.{number}") == wait - wait / 2
        heapq.heappush(due, (now + (wait or timedelta(milliseconds=1)), number))


def time_to_log_in(shop: Shop, attackers: int, start: datetime, network: str = "198.51.100.7") -> timedelta:
    """Return how long the owner waits on a new device while the attack goes on; the owner tries when told to."""
    now = start
    while wait := shop.try_password(now, network, correct=True):
        attack(shop, attackers, now, wait)
        now += wait
    return now - start


@pytest.mark.parametrize(
    ("networks", "duration", "max_guesses", "max_wait_seconds"),
    [(1, DAY, 310, 10), (50, DAY, 8_680, 510), (500, DAY / 24, 400, 5_010)],
)
def test_an_owner_gets_in_while_guessing_is_slow(
    networks: int, duration: timedelta, max_guesses: int, max_wait_seconds: int
) -> None:
    """The owner's new device waits for one turn of each network at most; the guesses of a day have a bound.

    8,640 turns and some 30 failures before the first turn are the most that any number of networks gets in a day.
    """
    shop = Shop()
    attack(shop, networks, NOW, duration)
    assert sum(shop.guesses.values()) <= max_guesses
    now = NOW + duration
    for attempt in range(3):
        attack(shop, networks, now, timedelta(minutes=7))
        now += timedelta(minutes=7)
        assert time_to_log_in(shop, networks, now, f"198.51.100.{attempt}") <= timedelta(seconds=max_wait_seconds)


def test_a_known_device_does_not_wait_at_all() -> None:
    """It has a counter of its own, also in the network of an attacker, and also when the account takes turns."""
    shop = Shop()
    attack(shop, 50, NOW, timedelta(hours=1))
    later = NOW + timedelta(hours=1)
    assert not shop.try_password(later, "192.0.2.0", "the device", correct=True)
    for _ in range(POLICY.free_attempts):
        assert not shop.try_password(later, "192.0.2.0", "the device")
    assert shop.try_password(later, "192.0.2.0", "the device") == timedelta(seconds=1)
    assert not shop.try_password(later, "192.0.2.0", "another device", correct=True)


def test_another_account_in_the_network_of_an_attacker_does_not_wait() -> None:
    """Failures are counted for the pair of account and network."""
    attacker, other = LoginKey.of(EMAIL, "192.0.2.1", ""), LoginKey.of("bob@example.org", "192.0.2.1", "")
    assert len({attacker.own, attacker.account, other.own, other.account}) == 4


@pytest.mark.parametrize("set_back", [timedelta(minutes=10), DAY, 400 * DAY])
@pytest.mark.parametrize("networks", [1, 50])
def test_a_clock_that_is_set_back_makes_no_wait_longer(networks: int, set_back: timedelta) -> None:
    """Each wait keeps its maximum, and passes: the owner gets in as soon as with an unchanged clock."""
    shop = Shop()
    attack(shop, networks, NOW, timedelta(hours=2))
    now = NOW + timedelta(hours=2) - set_back
    maximum = max(POLICY.max_delay, networks * TURN_INTERVAL)
    for number in range(networks):
        wait = shop.try_password(now, f"192.0.2.{number}")
        assert wait <= maximum
        assert shop.try_password(now + wait / 2, f"192.0.2.{number}") <= wait - wait / 2
    assert time_to_log_in(shop, networks, now) <= timedelta(seconds=10) * (networks + 1)


def test_a_delay_of_zero_turns_everything_off() -> None:
    """As `LOGIN_DELAY_MAX_SECONDS=0` promises."""
    shop = Shop(ThrottlePolicy(10, timedelta()))
    assert not any(shop.try_password(NOW, f"192.0.2.{number % 3}") for number in range(1_000))


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:7:1::1", "2001:db8:7::/48"),
        ("2001:db8:7:ffff:1:2:3:4", "2001:db8:7::/48"),
        ("fe80::1%eth0", "fe80::/48"),
        ("", ""),
        ("unix", ""),
        ("192.0.2.1\n", ""),
    ],
)
def test_an_ipv6_site_is_one_network(address: str, network: str) -> None:
    """An attacker with a free /48 network would otherwise have 65,536 networks."""
    assert network_of(address) == network
