"""Where each thing stands on the page: the fragment of its address. Names are letters, digits and underscores."""

from __future__ import annotations


def rule(name: str) -> str:
    """A route, requirement, exception or obligation."""
    return f"rule-{name}"


def invariant(name: str) -> str:
    """An invariant."""
    return f"invariant-{name}"


def watch(name: str) -> str:
    """A watch."""
    return f"watch-{name}"


def fact(name: str) -> str:
    """A fact."""
    return f"fact-{name}"


def parameter(name: str) -> str:
    """A parameter."""
    return f"parameter-{name}"


def definition(name: str) -> str:
    """A definition."""
    return f"definition-{name}"


def register(name: str) -> str:
    """A register."""
    return f"register-{name}"


def look_up(name: str) -> str:
    """A look-up."""
    return f"look-up-{name}"


def event(name: str) -> str:
    """An event type."""
    return f"event-{name}"


def channel(name: str) -> str:
    """A channel."""
    return f"channel-{name}"


def source(name: str) -> str:
    """A source."""
    return f"source-{name}"


def layer(name: str) -> str:
    """A layer."""
    return f"layer-{name}"
