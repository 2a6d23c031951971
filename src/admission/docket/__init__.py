"""State over time: the log of events, and the supervision of what happens after a decision."""

from admission.docket.supervision import Notice, Open, Supervisor

__all__ = ["Notice", "Open", "Supervisor"]
