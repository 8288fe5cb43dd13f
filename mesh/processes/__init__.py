"""Child processes: starting, restarting and ending them, and letting them end with their parent."""

from mesh.processes.parent import end_with_parent
from mesh.processes.program import program
from mesh.processes.supervisor import RestartPolicy, Supervisor

__all__ = ["RestartPolicy", "Supervisor", "end_with_parent", "program"]
