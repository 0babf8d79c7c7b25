"""The examples in docstrings say what the code does."""

import doctest
import importlib
import pkgutil
from types import ModuleType

import pytest

import schemas
import transforms

MODULES = sorted(
    module.name
    for package in (transforms, schemas)
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
)


def examples(module: ModuleType) -> list[doctest.DocTest]:
    return [test for test in doctest.DocTestFinder().find(module) if test.examples]


@pytest.mark.parametrize("name", MODULES)
def test_examples_in_docstrings_are_true(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    runner = doctest.DocTestRunner()
    for test in examples(importlib.import_module(name)):
        runner.run(test)
    assert runner.summarize(verbose=False).failed == 0, capsys.readouterr().out


def test_there_are_examples() -> None:
    assert sum(len(examples(importlib.import_module(name))) for name in MODULES) >= 5
