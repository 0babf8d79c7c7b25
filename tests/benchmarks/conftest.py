"""Benchmarks run only when they are asked for: ``uv run pytest tests/benchmarks -m benchmark -s``.

Any other run counts them as deselected. Here and not in ``addopts``, because a ``-m`` on the command line
replaces the one in the configuration: ``-m slow`` would run the slow benchmarks.
"""

from pathlib import Path

import pytest
from proving_ground import DAY, Ground, day_lists, started_sandbox

_HERE = Path(__file__).parent


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if "benchmark" in config.getoption("markexpr"):
        return
    mine = [item for item in items if item.path.is_relative_to(_HERE)]
    config.hook.pytest_deselected(items=mine)
    items[:] = [item for item in items if item not in mine]


@pytest.fixture(scope="session")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Ground:
    """A warm PREFECT_HOME, the day lists, and a lake that holds the week before the benchmarked day."""
    folder = tmp_path_factory.mktemp("ground")
    ground = Ground(folder, day_lists(folder / "lists"))
    with started_sandbox(ground.lists) as sandbox:
        ended = ground.command(sandbox, ground.week_before, day=DAY.fromordinal(DAY.toordinal() - 1))
        assert ended.code == 0, ended.printed
    return ground
