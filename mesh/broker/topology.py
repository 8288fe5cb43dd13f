"""Names of what carries one kind of message: its queue, where it waits for another try, where it is set aside."""

import asyncio
from dataclasses import dataclass

from mesh.broker.channel import BrokerChannel


@dataclass(frozen=True)
class Topology:
    """An exchange and a queue, and what stands beside them.

    The queue is declared without arguments, so that other clients' plain declarations still work: limits are a
    matter of policies. Each delay has a queue of its own, because a queue lets nothing pass that stands behind a
    message with a longer delay.

    Args:
        exchange: where messages are published.
        queue: where they wait for consumers.
        key: the routing key between the two.
        delays: seconds until a message comes back, by how often it did before; the last one for all further times.
    """

    exchange: str
    queue: str
    key: str
    delays: tuple[int, ...] = (1, 5, 15)

    @property
    def dead_exchange(self) -> str:
        """Takes what is set aside, whatever its key."""
        return f"{self.exchange}.dlx"

    @property
    def dead_queue(self) -> str:
        """Keeps what is set aside."""
        return f"{self.queue}.dead"

    @property
    def retry_exchange(self) -> str:
        """Takes what is to come back."""
        return f"{self.exchange}.retry"

    def retry_key(self, attempt: int) -> str:
        """The routing key to the queue in which a message waits that came back `attempt` times before."""
        return self._retry_name(self.key, min(attempt, len(self.delays) - 1))

    async def declare(self, link: BrokerChannel) -> int:
        """Makes all that is not there yet; answers how many messages wait in the queue."""
        await asyncio.gather(
            link.declare_exchange(self.exchange, "direct"),
            link.declare_exchange(self.dead_exchange, "fanout"),
            link.declare_exchange(self.retry_exchange, "direct"),
        )
        ready, *_ = await asyncio.gather(
            link.declare_queue(self.queue),
            link.declare_queue(self.dead_queue),
            *(link.declare_queue(name, self._comes_back(delay)) for name, delay in self._waiting_rooms()),
        )
        await asyncio.gather(
            link.bind(self.queue, self.exchange, self.key),
            link.bind(self.dead_queue, self.dead_exchange, self.key),
            *(
                link.bind(name, self.retry_exchange, self.retry_key(level))
                for level, (name, _) in enumerate(self._waiting_rooms())
            ),
        )
        return ready

    def _waiting_rooms(self) -> list[tuple[str, int]]:
        return [(self._retry_name(f"{self.queue}.retry", level), delay) for level, delay in enumerate(self.delays)]

    def _retry_name(self, name: str, level: int) -> str:
        return f"{name}.{self.delays[level]}s" if level else name

    def _comes_back(self, delay: int) -> dict[str, object]:
        return {
            "x-message-ttl": delay * 1000,
            "x-dead-letter-exchange": self.exchange,
            "x-dead-letter-routing-key": self.key,
        }
