"""Supervision on durable-rules: watches compiled to joins, on the subset of the engine that is safe.

`rules` says what a rule set is, `guard` keeps everything else away from C, `matcher` runs one, `trial` tries it in
a child process first, and `watches` makes one of a policy's watches. Only `matcher` imports the engine.
"""
