"""Decides whether a task may be handed to a residents' community, where it belongs instead, and why."""

__version__ = "0.1.0"
