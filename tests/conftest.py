"""How the tests run."""

import pytest

import profiles  # noqa: F401 - it chooses the profile


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the tests that need a Spark with one worker: each would start its own."""
    for item in items:
        if "spark" in item.name or item.path.name == "test_spark.py":
            item.add_marker(pytest.mark.xdist_group("spark"))
