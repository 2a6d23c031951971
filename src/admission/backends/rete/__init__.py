"""Supervision on durable-rules: watches compiled to joins, on the subset of the engine that is safe.

`rules` says what a rule set is, `guard` keeps everything else away from C, `matcher` runs one, `trial` tries it in
a child process first, and `watches` makes one of a policy's watches. Only `matcher` imports the engine.

`decisions` decides complete tasks, with `conditions` and `tables`: a second opinion by an engine that no one here
wrote, for the tests. It is on no path of `policy.decide`, for generated Python takes far less time.
"""
