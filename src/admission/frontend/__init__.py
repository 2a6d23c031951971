"""YAML in, intermediate representation out: the only code that knows the file format."""
