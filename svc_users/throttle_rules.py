"""Pure decisions about failed log-ins: who has to wait for how long, so that guessing is slow and owners get in.

Failures are counted for each pair of account and network, or of account and known device, and for all unknown devices
of an account together. An attacker delays only log-ins from the attacker's own networks. When an account has had many
failures, the networks take turns, in the order in which they came: an attacker with many networks delays the owner's
new device by one turn for each of them, and no longer.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address, ip_network

from svc_users.rules import digest

FAILURE_LIFETIME = timedelta(hours=24)
"""Time after the last failed log-in of a counter until all of its failures are forgotten."""
MAX_DOUBLINGS = 32
"""Bound of the exponent of a delay: 2**32 seconds exceed every `max_delay`, and a timedelta can hold them."""
TURN_INTERVAL = timedelta(seconds=10)
"""Time between two attempts from unknown devices: 8,640 guesses per day and account from any number of networks."""
FREE_TURNS_FACTOR = 3
"""Networks take turns after this many times the free attempts of one network."""
IPV6_SITE_BITS = 48
"""An attacker gets a /48 network for free, with 65,536 networks of /64, each of which would be a network of its own."""


def network_of(address: str) -> str:
    """Return what failures are counted for: an IPv4 address, or the site of an IPv6 address; empty when unknown."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return ""
    if not isinstance(parsed, IPv6Address):
        return str(parsed)
    return str(parsed.ipv4_mapped or ip_network((int(parsed), IPV6_SITE_BITS), strict=False))


@dataclass(frozen=True, slots=True)
class LoginFailures:
    """The failed log-ins in a row of an account from one network, or from one known device.

    Args:
        key: digest of the email, which need not have an account, and of the network or the device.
        count: number of failures.
        blocked_until: time before which no further log-in is allowed.
        expires_at: time at which the failures are forgotten.
        turn_at: time of the next turn, if the network waits for one.
    """

    key: str
    count: int
    blocked_until: datetime
    expires_at: datetime
    turn_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class AccountFailures:
    """The failed log-ins in a row of an account from all unknown devices.

    Args:
        account: digest of the email, which need not have an account.
        count: number of failures.
        next_turn_at: time of the first turn that no network has taken.
        expires_at: time at which the failures are forgotten.
    """

    account: str
    count: int
    next_turn_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Counters:
    """The failures that a log-in is judged by; None where there are none.

    Args:
        own: those of the network or of the known device.
        account: those of all unknown devices; None for a known device.
    """

    own: LoginFailures | None = None
    account: AccountFailures | None = None


@dataclass(frozen=True, slots=True)
class Admission:
    """The decision about a log-in.

    Args:
        wait: time to wait; zero when the log-in is allowed.
        counters: the counters after the decision.
        counted: whether an allowed log-in is counted as a failure already, until it succeeds.
    """

    wait: timedelta
    counters: Counters
    counted: bool = False


@dataclass(frozen=True, slots=True)
class LoginKey:
    """What the failures of a log-in are counted for.

    Args:
        own: digest of the email and of the network or the device.
        account: digest of the email; empty for a known device.
    """

    own: str
    account: str = ""

    @classmethod
    def of(cls, email: str, network: str, device: str) -> "LoginKey":
        """Return the key of a log-in from a network, or from a known device if it has an id.

        Only digests are stored: some people type their password into the field for the email.
        """
        if device:
            return cls(digest(email, "device", device))
        return cls(digest(email, "network", network), digest(email))


@dataclass(frozen=True, slots=True)
class ThrottlePolicy:
    """How failed log-ins delay the next one.

    Args:
        free_attempts: number of failures in a row without a delay, for people who mistype.
        max_delay: upper bound of the delay, which begins at one second and doubles; zero turns delays and turns off.
    """

    free_attempts: int
    max_delay: timedelta

    @property
    def turn_interval(self) -> timedelta:
        """The time between two turns."""
        return min(TURN_INTERVAL, self.max_delay)

    def delay_after(self, count: int) -> timedelta:
        """Return the delay after this number of failures in a row."""
        if count < self.free_attempts:
            return timedelta()
        doublings = min(count - self.free_attempts, MAX_DOUBLINGS)
        return min(timedelta(seconds=2**doublings), self.max_delay)

    def admit(self, key: LoginKey, stored: Counters, now: datetime) -> Admission:
        """Decide whether a log-in is allowed now.

        A log-in that comes too early changes nothing, except that it takes a turn if the network has none: refused
        attempts extend no delay. Where there are delays or turns, a log-in is counted before its password is checked,
        so that a thousand guesses at once are one guess.
        """
        own, account = _current_own(stored.own, now), _current_account(stored.account, now)
        if own is not None and own.blocked_until > now:
            return Admission(own.blocked_until - now, Counters(own, account))
        takes_turns = account is not None and account.count >= self.free_attempts * FREE_TURNS_FACTOR
        if account is not None and takes_turns:
            if own is None or own.turn_at is None:
                turn_at, expires_at = max(now, account.next_turn_at), now + FAILURE_LIFETIME
                account = replace(account, next_turn_at=turn_at + self.turn_interval, expires_at=expires_at)
                own = own or self.failures_after(key.own, 0, now)
                own = replace(own, turn_at=turn_at, expires_at=expires_at)
            if own.turn_at is not None and own.turn_at > now:
                return Admission(own.turn_at - now, Counters(own, account))
        counters = Counters(own, account)
        if takes_turns or self.delay_after(own.count if own else 0):
            return Admission(timedelta(), self.count_failure(key, counters, now), counted=True)
        return Admission(timedelta(), counters)

    def count_failure(self, key: LoginKey, stored: Counters, now: datetime) -> Counters:
        """Return the counters after one more failure."""
        own, account = _current_own(stored.own, now), _current_account(stored.account, now)
        failures = self.failures_after(key.own, own.count + 1 if own else 1, now)
        if not key.account:
            return Counters(failures)
        count, turn_at = (account.count + 1, account.next_turn_at) if account else (1, now)
        return Counters(failures, AccountFailures(key.account, count, turn_at, now + FAILURE_LIFETIME))

    def failures_after(self, key: str, count: int, now: datetime) -> LoginFailures:
        """Return what is stored after the failure with this number."""
        return LoginFailures(key, count, now + self.delay_after(count), now + FAILURE_LIFETIME)


def _current_own(stored: LoginFailures | None, now: datetime) -> LoginFailures | None:
    """Return failures that are not forgotten, with times of the present clock."""
    if stored is None or stored.expires_at <= now:
        return None
    ahead = _time_set_back(stored.expires_at, now)
    return replace(
        stored,
        blocked_until=stored.blocked_until - ahead,
        expires_at=stored.expires_at - ahead,
        turn_at=stored.turn_at and stored.turn_at - ahead,
    )


def _current_account(stored: AccountFailures | None, now: datetime) -> AccountFailures | None:
    """Return failures that are not forgotten, with times of the present clock."""
    if stored is None or stored.expires_at <= now:
        return None
    ahead = _time_set_back(stored.expires_at, now)
    return replace(stored, next_turn_at=stored.next_turn_at - ahead, expires_at=stored.expires_at - ahead)


def _time_set_back(expires_at: datetime, now: datetime) -> timedelta:
    """Return by how much the clock was set back since a counter was stored; otherwise its waits would be longer."""
    return max(timedelta(), expires_at - FAILURE_LIFETIME - now)
