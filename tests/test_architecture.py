"""The house's rules, read from its source: imports point one way, and transforms/ touches nothing."""

import ast
import importlib
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from inspect import signature
from pathlib import Path

import pytest
import yaml
from prefect import Flow
from typer.main import get_command

from flows.cli import app

ROOT = Path(__file__).parents[1]
SOURCES = {room: sorted((ROOT / room).rglob("*.py")) for room in ("flows", "transforms", "schemas")}

PURE_STANDARD_LIBRARY = {
    "bisect", "collections", "csv", "dataclasses", "datetime", "decimal", "difflib", "enum", "fractions",
    "functools", "hashlib", "html", "importlib.resources", "io", "itertools", "json", "math", "operator",
    "re", "statistics", "string", "textwrap", "tomllib", "types", "typing", "unicodedata", "urllib.parse",
}  # fmt: skip
"""Text and data; nothing that reads a clock, a disk, the environment, the network or chance. Data files of
the package itself come by importlib.resources, as its modules do."""
ALLOWED = {
    "transforms": PURE_STANDARD_LIBRARY
    | {
        "altair",
        "dataframely",
        "feedgen",
        "holidays",
        "jinja2",
        "lxml",
        "markdown_it",
        "polars",
        "pydantic",
        "sqlglot",
    }
    | {"yaml", "schemas", "transforms"},
    "schemas": PURE_STANDARD_LIBRARY | {"dataframely", "polars", "pyarrow", "pydantic", "schemas"},
}
EXCEPTIONS = {"schemas/dataset.py": {"datasets"}}
"""datasets.Features are made there, on demand."""

CLOCKS = {"now", "utcnow", "today", "fromtimestamp", "time", "perf_counter", "monotonic"}
WORLD = {"open", "input", "print", "eval", "exec", "compile", "__import__", "breakpoint", "id", "hash"}
"""hash() and id() differ from one process to the next."""


def imported(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield "." * node.level + (node.module or "")


def faults(source: str, allowed: set[str]) -> list[str]:
    """What a pure module must not do, in words; empty when it does nothing of it."""
    tree = ast.parse(source)
    found = [
        f"imports {name}"
        for name in imported(tree)
        if name not in allowed and name.split(".")[0] not in allowed
    ]
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        if isinstance(node.func, ast.Name) and node.func.id in WORLD:
            found.append(f"calls {node.func.id}()")
        if isinstance(node.func, ast.Attribute):
            name, owner = node.func.attr, ast.unparse(node.func.value)
            if name in CLOCKS and owner.split(".")[-1] in ("date", "datetime", "time"):
                found.append(f"reads the clock: {owner}.{name}()")
            if name.startswith(("write_", "sink_")) or (
                owner in ("pl", "polars") and name.startswith(("read_", "scan_"))
            ):
                found.append(f"touches the disk: {owner}.{name}()")
    return found


@pytest.mark.parametrize("room", ["transforms", "schemas"])
def test_pure_rooms_import_and_call_only_what_the_design_allows(room: str) -> None:
    assert SOURCES[room]
    found = {
        name: wrong
        for path in SOURCES[room]
        if (
            wrong := faults(
                path.read_text(encoding="utf-8"),
                ALLOWED[room] | EXCEPTIONS.get(name := path.relative_to(ROOT).as_posix(), set()),
            )
        )
    }
    assert found == {}


@pytest.mark.parametrize(
    "planted",
    [
        "import os",
        "import os.path as p",
        "from pathlib import Path",
        "from flows.storage import Lake",
        "from . import papers",
        "import random",
        "import time",
        "def f():\n    import prefect",
        "from urllib.request import urlopen",
        "from datetime import datetime\nx = datetime.now()",
        "import datetime\nx = datetime.date.today()",
        "import polars as pl\npl.read_parquet('x')",
        "import polars as pl\npl.scan_csv('x')",
        "frame.write_parquet('x')",
        "frame.lazy().sink_parquet('x')",
        "open('x')",
        "x = hash('a')",
    ],
)
def test_the_rule_finds_each_way_to_break_it(planted: str) -> None:
    assert faults(planted, ALLOWED["transforms"])


@pytest.mark.parametrize(
    "harmless", ["import polars as pl\nx = pl.col('a')", "x = cell.date()", "from urllib.parse import quote"]
)
def test_the_rule_lets_pure_code_be(harmless: str) -> None:
    assert faults(harmless, ALLOWED["transforms"]) == []


def test_imports_point_one_way_and_never_to_the_tests() -> None:
    below = {
        "flows": {"tests"},
        "transforms": {"tests", "flows"},
        "schemas": {"tests", "flows", "transforms"},
    }
    wrong = [
        f"{path.relative_to(ROOT)} imports {name}"
        for room, paths in SOURCES.items()
        for path in paths
        for name in imported(ast.parse(path.read_text(encoding="utf-8")))
        if name.split(".")[0] in below[room]
    ]
    assert wrong == []


def test_importing_the_pure_rooms_loads_no_service_and_no_prefect() -> None:
    modules = [
        path.relative_to(ROOT).with_suffix("").as_posix().replace("/", ".").removesuffix(".__init__")
        for room in ("transforms", "schemas")
        for path in SOURCES[room]
    ]
    script = f"import sys, {', '.join(modules)}; print(*sorted(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    services = {"prefect", "openai", "httpx2", "httpx", "requests", "huggingface_hub", "datasets", "flows"}
    assert services & set(loaded.split()) == set()
    assert "transforms.papers" in loaded


# Names -------------------------------------------------------------------------------------------
#
# A room's folder itself comes first on sys.path when one of its files is run or loaded by path, and then each
# module in it hides the one of the same name from everything that is imported later. Prefect's file
# entrypoint "flows/daily.py:daily" does that to flows/ in earnest, so there no name may be taken. In the
# other rooms it takes a person's `python -m doctest transforms/papers.py` or an editor's "run this file";
# hiding the standard library breaks those, hiding a package that the room does not import harms nobody.
# Modules of a subpackage (flows/clients/openai.py and http.py, flows/sandbox/arxiv.py) are only ever imported
# by dotted name, where "from openai import" finds the real one; nothing runs such a file by its path.


def hidden_by(room: str) -> set[str]:
    """Names of the room's modules and packages that the standard library or a distribution has too."""
    found = {path.stem for path in (ROOT / room).glob("*.py")}
    found |= {path.parent.name for path in (ROOT / room).glob("*/__init__.py")}
    return (found - {"__init__"}) & (sys.stdlib_module_names | set(packages_distributions()))


def test_no_flow_hides_another_module_when_its_folder_comes_first() -> None:
    assert hidden_by("flows") == set()


@pytest.mark.parametrize("room", ["transforms", "schemas"])
def test_no_pure_module_hides_one_of_the_standard_library(room: str) -> None:
    assert hidden_by(room) & sys.stdlib_module_names == set()


def test_helpers_of_the_tests_hide_nothing_either() -> None:
    # pytest puts the folder of each test file first on sys.path.
    names = [
        path.stem for path in (ROOT / "tests").rglob("*.py") if path.stem not in ("__init__", "conftest")
    ]
    assert len(set(names)) == len(names)
    assert set(names) & (sys.stdlib_module_names | set(packages_distributions())) == set()


def test_no_module_is_a_drawer_for_whatever_is_left() -> None:
    drawers = {"utils", "util", "helpers", "common", "misc", "shared"}
    assert [path for paths in SOURCES.values() for path in paths if path.stem in drawers] == []


# What people run ---------------------------------------------------------------------------------

DEPLOYMENTS = yaml.safe_load((ROOT / "prefect.yaml").read_text(encoding="utf-8"))["deployments"]


@pytest.mark.parametrize("deployment", DEPLOYMENTS, ids=[entry["name"] for entry in DEPLOYMENTS])
def test_each_deployment_names_a_flow_and_gives_it_arguments_it_knows(deployment: dict[str, object]) -> None:
    module, _, name = str(deployment["entrypoint"]).rpartition(".")
    assert "/" not in module
    assert ":" not in name
    flow = getattr(importlib.import_module(module), name)
    assert isinstance(flow, Flow)
    parameters = deployment["parameters"]
    assert isinstance(parameters, dict)
    assert set(parameters) <= set(signature(flow.fn).parameters)


def test_what_is_scheduled_says_so_and_what_is_not_waits_for_the_operator() -> None:
    scheduled = {entry["name"] for entry in DEPLOYMENTS if entry["schedules"]}
    assert scheduled == {"daily", "refresh-votes", "check"}
    assert scheduled == {entry["name"] for entry in DEPLOYMENTS if "scheduled" in entry["tags"]}
    assert {entry["name"] for entry in DEPLOYMENTS if "manual" in entry["tags"]} == {"backfill", "publish"}
    assert {each["timezone"] for entry in DEPLOYMENTS for each in entry["schedules"]} == {"UTC"}


def test_what_writes_a_lake_runs_one_at_a_time() -> None:
    parts = {entry["name"] for entry in DEPLOYMENTS if "part" in entry["tags"]}
    assert parts == {"backfill-part"}
    whole = [entry for entry in DEPLOYMENTS if entry["name"] not in parts]
    assert {entry["concurrency_limit"]["limit"] for entry in whole} == {1}
    queues = {entry["name"]: entry["work_pool"]["work_queue_name"] for entry in DEPLOYMENTS}
    # It waits for its parts, and would hold them up in their own queue.
    assert queues.pop("backfill") == "default"
    assert set(queues.values()) == {"lake"}


COMMANDS = get_command(app).commands  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_says_what_it_does(name: str) -> None:
    assert len(COMMANDS[name].get_short_help_str(200)) > 20


def test_every_option_says_what_it_is() -> None:
    silent = [
        f"{name} {parameter.opts[0]}"
        for name, command in COMMANDS.items()
        for parameter in command.params
        if not getattr(parameter, "help", None)
    ]
    assert silent == []
