"""What an operator has to change at the broker, for health checks and logs."""

from mesh import logs

CONNECTION, USE = "connection", "use"
"""The parts of the work: connecting and declaring the queues, and what the connection is used for."""

log = logs.get("mesh.broker")


class BrokerStatus:
    """The problems that no retry solves. Each change is logged once.

    Args:
        location: the broker, for logs.
    """

    def __init__(self, location: str) -> None:
        self._location = location
        self._by_part: dict[str, str] = {}

    @property
    def problem(self) -> str:
        """Sentences about what is wrong; empty when nothing is."""
        return " ".join(filter(None, self._by_part.values()))

    def report(self, part: str, problem: str) -> None:
        """Record the problem of one part of the work, empty when that part works."""
        before = self.problem
        self._by_part[part] = problem
        if self.problem == before:
            return
        if self.problem:
            log.error("broker misconfigured", broker=self._location, problem=self.problem)
        else:
            log.info("broker configured", broker=self._location)
