"""The exchanges and queues that carry one kind of message: its queues, their retry queues and its dead letters."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Exchange:
    """A durable exchange.

    Args:
        name: its name.
        kind: its type.
    """

    name: str
    kind: str = "direct"


@dataclass(frozen=True)
class Queue:
    """A durable queue and its binding.

    Args:
        name: its name.
        exchange: the exchange that it is bound to.
        routing_key: the key of the binding.
        arguments: the arguments that it is declared with and needs; the operator decides on all others.
    """

    name: str
    exchange: str
    routing_key: str
    arguments: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class WorkQueue:
    """A queue for consumers, with retry queues from which messages return to it.

    Each delay has a queue of its own, because a message cannot overtake one with a longer delay.

    Args:
        queue: the queue and its binding.
        retry_exchange: the exchange for messages that are to be delivered again.
        retry_delays_seconds: time until a message is delivered again, by the number of earlier deliveries; the last
            one for all further attempts.
    """

    queue: Queue
    retry_exchange: str
    retry_delays_seconds: tuple[int, ...]

    @property
    def name(self) -> str:
        """The name of the queue."""
        return self.queue.name

    def retry_key(self, attempt: int) -> str:
        """Return the routing key to the retry queue of a message with this number of earlier deliveries."""
        return self._retry_name(self.queue.routing_key, self._level(attempt))

    def retry_delay_seconds(self, attempt: int) -> int:
        """Return the delay of a message with this number of earlier deliveries."""
        return self.retry_delays_seconds[self._level(attempt)]

    def retry_queues(self) -> list[Queue]:
        """Return the retry queues, the shortest delay first."""
        return [
            Queue(
                self._retry_name(f"{self.name}.retry", level),
                self.retry_exchange,
                self.retry_key(level),
                {
                    "x-message-ttl": delay_seconds * 1000,
                    "x-dead-letter-exchange": self.queue.exchange,
                    "x-dead-letter-routing-key": self.queue.routing_key,
                },
            )
            for level, delay_seconds in enumerate(self.retry_delays_seconds)
        ]

    def _level(self, attempt: int) -> int:
        return min(attempt, len(self.retry_delays_seconds) - 1)

    def count(self, messages: Mapping[str, int]) -> int:
        """Return the number of messages in the queue and its retry queues, given the number in each queue."""
        return sum(messages.get(each.name, 0) for each in (self.queue, *self.retry_queues()))

    def _retry_name(self, name: str, level: int) -> str:
        return f"{name}.{self.retry_delays_seconds[level]}s" if level else name


@dataclass(frozen=True)
class Topology:
    """An exchange and its queues, with retry queues and a queue for dead letters.

    The queue is declared without arguments, so that plain declarations of other clients still succeed: limits are set
    by policies. Other clients may consume it too. Messages that are sent again therefore have a second queue.

    Args:
        exchange: where messages are published.
        queue: where they wait for consumers.
        routing_key: the key from the exchange to the queue.
        resent_routing_key: the key from the exchange to the queue of messages that are sent again.
        retry_delays_seconds: time until a message is delivered again, by the number of earlier deliveries; the last
            one for all further attempts.
    """

    exchange: str
    queue: str
    routing_key: str
    resent_routing_key: str
    retry_delays_seconds: tuple[int, ...] = (1, 5, 15)

    @property
    def first(self) -> WorkQueue:
        """The queue for messages that are sent for the first time."""
        return self._work_queue(self.queue, self.routing_key)

    @property
    def resent(self) -> WorkQueue:
        """The queue for messages that are sent again, which no other client consumes."""
        return self._work_queue(f"{self.queue}.resent", self.resent_routing_key)

    @property
    def work_queues(self) -> tuple[WorkQueue, WorkQueue]:
        """The queues that a consumer consumes."""
        return self.first, self.resent

    @property
    def dead_exchange(self) -> str:
        """The exchange for dead letters, which ignores routing keys."""
        return f"{self.exchange}.dlx"

    @property
    def dead_queue(self) -> str:
        """The queue that keeps dead letters."""
        return f"{self.queue}.dead"

    @property
    def retry_exchange(self) -> str:
        """The exchange for messages that are to be delivered again."""
        return f"{self.exchange}.retry"

    @property
    def exchanges(self) -> list[Exchange]:
        """All exchanges."""
        return [Exchange(self.exchange), Exchange(self.dead_exchange, "fanout"), Exchange(self.retry_exchange)]

    @property
    def queues(self) -> list[Queue]:
        """All queues."""
        return [
            *(work_queue.queue for work_queue in self.work_queues),
            Queue(self.dead_queue, self.dead_exchange, self.routing_key),
            *(queue for work_queue in self.work_queues for queue in work_queue.retry_queues()),
        ]

    def _work_queue(self, name: str, routing_key: str) -> WorkQueue:
        queue = Queue(name, self.exchange, routing_key)
        return WorkQueue(queue, self.retry_exchange, self.retry_delays_seconds)
