"""The exchanges and queues that carry one kind of message: its queue, its retry queues and its dead letters."""

import asyncio
from dataclasses import dataclass

from mesh.broker.channel import BrokerChannel


@dataclass(frozen=True)
class Topology:
    """An exchange and a queue, with retry queues and a queue for dead letters.

    The queue is declared without arguments, so that plain declarations of other clients still succeed: limits are set
    by policies. Each delay has a queue of its own, because a message cannot overtake one with a longer delay.

    Args:
        exchange: where messages are published.
        queue: where they wait for consumers.
        routing_key: the key from the exchange to the queue.
        retry_delays_seconds: time until a message is delivered again, by the number of earlier deliveries; the last
            one for all further attempts.
    """

    exchange: str
    queue: str
    routing_key: str
    retry_delays_seconds: tuple[int, ...] = (1, 5, 15)

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

    def retry_key(self, attempt: int) -> str:
        """Return the routing key to the retry queue of a message with this number of earlier deliveries."""
        return self._retry_name(self.routing_key, min(attempt, len(self.retry_delays_seconds) - 1))

    async def declare(self, channel: BrokerChannel) -> int:
        """Create what does not exist yet, and return the number of messages in the queue."""
        await asyncio.gather(
            channel.declare_exchange(self.exchange, "direct"),
            channel.declare_exchange(self.dead_exchange, "fanout"),
            channel.declare_exchange(self.retry_exchange, "direct"),
        )
        ready, *_ = await asyncio.gather(
            channel.declare_queue(self.queue),
            channel.declare_queue(self.dead_queue),
            *(channel.declare_queue(name, self.retry_arguments(delay)) for name, delay in self._retry_queues()),
        )
        await asyncio.gather(
            channel.bind(self.queue, self.exchange, self.routing_key),
            channel.bind(self.dead_queue, self.dead_exchange, self.routing_key),
            *(
                channel.bind(name, self.retry_exchange, self.retry_key(level))
                for level, (name, _) in enumerate(self._retry_queues())
            ),
        )
        return ready

    def retry_arguments(self, delay_seconds: int) -> dict[str, object]:
        """Return the arguments of a queue whose messages return to the main queue after the delay."""
        return {
            "x-message-ttl": delay_seconds * 1000,
            "x-dead-letter-exchange": self.exchange,
            "x-dead-letter-routing-key": self.routing_key,
        }

    def _retry_queues(self) -> list[tuple[str, int]]:
        name = f"{self.queue}.retry"
        return [(self._retry_name(name, level), delay) for level, delay in enumerate(self.retry_delays_seconds)]

    def _retry_name(self, name: str, level: int) -> str:
        return f"{name}.{self.retry_delays_seconds[level]}s" if level else name
