"""``daily-papers cost``: what the translations cost, by day, month or model.

Reads TRANSLATIONS of every month and nothing else; needs no setting but DAILY_PAPERS_HOME, and
DAILY_PAPERS_PRICES for models that the bundled prices do not know. Safe to rerun. Answers of a paper that
has no row yet are counted when it has one. Called by flows/cli.py.
"""

import shutil
import sys
from datetime import date
from typing import Final, Literal

import polars as pl
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from flows.errors import DailyPapersError
from flows.settings import load_settings
from flows.storage import Lake
from flows.write_answer import Form, write_answer
from schemas.tables import TRANSLATIONS
from transforms.cells import readable
from transforms.costs import By, answers_of, cost_table, in_days, priced, total_row, unpriced_sentences

Format = Literal["table", "csv", "json"]

_HEADS: Final = {
    "answers": "answers",
    "papers": "papers",
    "input_tokens": "tokens in",
    "cached_tokens": "cached",
    "output_tokens": "out",
    "reasoning_tokens": "reasoning",
    "cost_usd": "dollars",
    "cost_per_paper_usd": "a paper",
    "batch_share": "batch",
    "judge_share": "judge",
}
_PIPE_WIDTH: Final = 120


def cost(by: By, since: date | None, until: date | None, format: Format) -> int:
    """Print what was paid; the exit code.

    Args:
        by: What the rows stand for.
        since: First day (UTC) on which answers came; None means all.
        until: Last day.
        format: A table with a row of totals and sentences, or the rows alone as CSV or JSON.

    Returns:
        0, also when nothing was paid; 1 when a file of the lake is broken; 2 when a setting is wrong.
    """
    try:
        settings = load_settings()
        lake, prices = Lake(settings.home), settings.known_prices()
        rows = lake.read_columns(TRANSLATIONS, lake.months(TRANSLATIONS), ["paper_id", "answers"])
        answers = priced(in_days(answers_of(rows), since, until), prices)
        sentences = unpriced_sentences(answers)
        if format == "table":
            _show(lake, answers, by, sentences)
        else:
            write_answer(cost_table(answers, by).lazy(), Form(format))
            for sentence in sentences:
                print(readable(sentence), file=sys.stderr)
    except BrokenPipeError:
        # Whoever read the answer has read enough.
        return 0
    except DailyPapersError as error:
        print(readable(str(error)), file=sys.stderr)
        return error.exit_code
    return 0


def _show(lake: Lake, answers: pl.DataFrame, by: By, sentences: list[str]) -> None:
    width = shutil.get_terminal_size((_PIPE_WIDTH, 24)).columns
    console = Console(width=max(width, _PIPE_WIDTH) if not sys.stdout.isatty() else width, highlight=False)
    if answers.is_empty():
        console.print(
            f"No answer was paid for in these days, as far as {lake.home} knows. Translate: daily-papers run",
            markup=False,
        )
        return
    table = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False, show_footer=True)
    total = total_row(answers)
    table.add_column(by, footer="all")
    for name, head in _HEADS.items():
        table.add_column(head, justify="right", footer=_cell(name, total[name].item()))
    for row in cost_table(answers, by).iter_rows(named=True):
        table.add_row(readable(row[by]), *(_cell(name, row[name]) for name in _HEADS))
    console.print(table, markup=False)
    for sentence in sentences:
        console.print(f"- {readable(sentence)}", markup=False, soft_wrap=True)


def _cell(name: str, value: float | None) -> str:
    if value is None:
        return "unknown"
    if name.endswith("_share"):
        return f"{value:.0%}"
    return f"${value:,.4f}" if name.endswith("_usd") else f"{value:,}"
