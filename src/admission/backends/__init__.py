"""Interpreters of checked policies that answer other questions, or the same one faster, than the reference."""
