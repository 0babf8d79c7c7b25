"""RUNBOOKS.md names commands and options that exist: each is parsed, and none is run."""

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
from prefect.cli import _app as prefect_cli
from typer.main import get_command

from flows.cli import app

RUNBOOKS = Path(__file__).parents[1] / "RUNBOOKS.md"
_BLOCK = re.compile(r"^[ \t]*```bash\n(.*?)^[ \t]*```", re.MULTILINE | re.DOTALL)
_BREAKS = {"&&", "||", ";", "|", "&", "(", ")"}
_REDIRECTION = re.compile(r"""\s\d?[<>]{1,2}(&\d|\s*[^\s&|;()"']+)""")
_PROGRAMS = ("daily-papers", "prefect")


def commands(text: str) -> list[list[str]]:
    """Words of each call of our own command line and of Prefect's in the text's shell blocks."""
    found = []
    for block in _BLOCK.findall(text):
        for line in block.replace("\\\n", " ").splitlines():
            for words in _calls(line):
                starts = [at for at, word in enumerate(words) if Path(word).name in _PROGRAMS]
                if starts and _is_run(words[: starts[0]]):
                    found.append([Path(words[starts[0]]).name, *words[starts[0] + 1 :]])
    return found


def _calls(line: str) -> list[list[str]]:
    lexer = shlex.shlex(_REDIRECTION.sub("", line), posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    calls: list[list[str]] = [[]]
    for word in lexer:
        if word in _BREAKS:
            calls.append([])
        else:
            calls[-1].append(word)
    return calls


def _is_run(before: list[str]) -> bool:
    """Whether what stands before a program's name runs it, as variables, nohup and env do."""
    return all("=" in word or word in ("env", "nohup", "uv", "run", ".uv/bin/uv") for word in before)


def parsed(words: list[str]) -> None:
    """Parse a call as its program would, without running it; raises what the program would complain of."""
    program, *arguments = words
    if program == "prefect":
        _, bound, _ = prefect_cli._app.meta.parse_args(arguments, exit_on_error=False, print_error=False)
        prefect_cli._app.parse_args(list(bound.args), exit_on_error=False, print_error=False)
        return
    group: Any = get_command(app)
    context = group.make_context(program, arguments)
    name, command, rest = group.resolve_command(context, [*context._protected_args, *context.args])
    command.make_context(name, rest, parent=context)


COMMANDS = commands(RUNBOOKS.read_text(encoding="utf-8"))


@pytest.mark.parametrize("words", COMMANDS, ids=[" ".join(words)[:80] for words in COMMANDS])
def test_every_command_of_the_runbooks_exists_with_its_options(words: list[str]) -> None:
    parsed(words)


def test_the_runbooks_name_commands_of_both_programs() -> None:
    assert {words[0] for words in COMMANDS} == set(_PROGRAMS)
    assert len(COMMANDS) > 30


def test_what_issue_six_asks_for_is_there() -> None:
    headings = re.findall(r"^## (.+)$", RUNBOOKS.read_text(encoding="utf-8"), re.MULTILINE)
    assert headings[:7] == [
        "First deployment",
        "Upgrade",
        "A missed week",
        "Another model",
        "A bad translation found by a reader",
        "A key leaked",
        "Hub rollback",
    ]


@pytest.mark.parametrize(
    "line",
    [
        "daily-papers runn",
        "daily-papers run --dat 2026-03-05",
        "daily-papers fix",
        "PREFECT_API_URL=http://127.0.0.1:4200/api prefect work-queue pauze lake",
        "cd x && prefect deploy --al",
        ".uv/bin/uv run daily-papers check --nonsense",
    ],
)
def test_a_command_that_does_not_exist_is_found(line: str) -> None:
    (words,) = commands(f"```bash\n{line}   # why\n```\n")
    with pytest.raises(Exception, match=r"(?i)no such|unknown|missing"):
        parsed(words)


def test_what_is_not_run_is_not_taken_for_a_command() -> None:
    text = "```bash\ngrep -rn 'prefect' daily-papers | tail -1\ndaily-papers check > out.txt 2>&1 &\n```\n"
    assert commands(text) == [["daily-papers", "check"]]
