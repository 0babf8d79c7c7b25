"""The command line, ``daily-papers``: demo, run, backfill, import-archive, publish, sql, check, sandbox.

Commands only read their options and call a flow; what a run prints is flows/console.py. Exit codes: 0
done; 1 done but rows were rejected or a day is below its completeness floor; 2 wrong usage or settings;
3 a service was unavailable and the next run continues.
"""

import os
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from flows.settings import apply_prefect_settings

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    help="Hugging Face Daily Papers as a dataset with Korean columns and a Korean digest.",
)


def _day(meaning: str) -> Any:
    return typer.Option(formats=["%Y-%m-%d"], metavar="YYYY-MM-DD", help=meaning)


def main() -> None:
    """Entry point of the console script."""
    apply_prefect_settings()
    # The terminal shows bars and a table; Prefect's own lines go to its server and its UI.
    os.environ.setdefault("PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL", "CRITICAL")
    app()


@app.command()
def demo(
    home: Annotated[Path, typer.Option(help="Folder of the demo's lake.")] = Path("demo-data"),
) -> None:
    """Run the daily flow over a bundled sample: no key, no network."""
    from flows.demo import demo as run_demo

    raise typer.Exit(run_demo(home))


@app.command()
def run(
    date: Annotated[datetime | None, _day("The list's date; default today (UTC).")] = None,
    refresh_days: Annotated[
        int | None, typer.Option(min=0, max=60, help="Days before it to fetch again (7).")
    ] = None,
) -> None:
    """Take one day (default: today, UTC) and the days before it from the Hub to the release."""
    from flows.console import run_to_end
    from flows.daily import daily

    day = date.date() if date else None
    again = "daily-papers run" + (f" --date {day}" if day else "")
    again += f" --refresh-days {refresh_days}" if refresh_days is not None else ""
    one_shot = daily.with_options(retries=0)
    raise typer.Exit(run_to_end(lambda: one_shot(day, refresh_days), again))


@app.command()
def backfill(
    since: Annotated[datetime, _day("First list date.")],
    until: Annotated[datetime, _day("Last list date.")],
    retranslate: Annotated[
        Literal["archived"] | None,
        typer.Option(help="Translate papers again that the archive has in Korean; costs money."),
    ] = None,
) -> None:
    """Take every day from --since to --until, month by month, from the Hub to the release."""
    if until < since:
        raise typer.BadParameter(f"--until {until:%Y-%m-%d} is before --since {since:%Y-%m-%d}")
    from flows.backfill import backfill as backfill_flow
    from flows.console import run_to_end

    again = f"daily-papers backfill --since {since:%Y-%m-%d} --until {until:%Y-%m-%d}"
    again += f" --retranslate {retranslate}" if retranslate else ""
    raise typer.Exit(run_to_end(lambda: backfill_flow(since.date(), until.date(), retranslate), again))


@app.command(name="import-archive")
def import_archive(
    tree: Annotated[Path, typer.Argument(exists=True, file_okay=False, help="Folder of the Markdown logs.")],
) -> None:
    """Import the predecessor's Markdown logs; costs nothing, and again changes nothing."""
    from flows.console import run_import

    raise typer.Exit(run_import(tree))


@app.command()
def publish(
    form: Annotated[
        str | None, typer.Option(help="Also write every day in an older form: 2023-11 … 2024-11.")
    ] = None,
) -> None:
    """Write the release again from the lake: dataset, card, pictures and digest."""
    from flows.console import run_publish
    from transforms.forms import FORMS

    if form is not None and form not in FORMS:
        raise typer.BadParameter(f"--form {form}: expected one of {', '.join(FORMS)}")
    raise typer.Exit(run_publish(form))


@app.command()
def sql(
    query: Annotated[str | None, typer.Argument(help="SQL, or the name of a question (--list).")] = None,
    file: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="A file of SQL instead.")
    ] = None,
    list_questions: Annotated[bool, typer.Option("--list", help="List the named questions.")] = False,
    format: Annotated[str, typer.Option(help="table, csv, json, parquet or markdown.")] = "table",
    limit: Annotated[int | None, typer.Option(min=1, help="Most rows of the answer.")] = None,
    parameters: Annotated[
        list[str] | None, typer.Option("--set", help="A question's parameter: name=value; repeatable.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="File for the answer; needed for parquet.")] = None,
) -> None:
    """Ask the lake's tables in SQL; reads and nothing else."""
    from flows.ask import ask

    raise typer.Exit(ask(query, file, list_questions, format, limit, parameters or (), out))


@app.command()
def check() -> None:
    """Check that the lake is sound and the release whole and loadable."""
    from flows.console import run_check

    raise typer.Exit(run_check())


@app.command()
def sandbox(
    payloads: Annotated[
        Path | None,
        typer.Option(help="Folder of day lists named <list_date>@<fetched_at>Z-*.json; default: the sample."),
    ] = None,
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = 0,
    latency: Annotated[float, typer.Option(min=0, help="Median seconds of a model answer.")] = 0.0,
    faults: Annotated[Path | None, typer.Option(help="JSON file of scripted faults.")] = None,
    requests_per_minute: Annotated[int | None, typer.Option(min=1, help="The model's rate limit.")] = None,
    as_of: Annotated[str | None, typer.Option(help="Serve lists fetched until then (UTC).")] = None,
    seed: Annotated[int, typer.Option(help="Seed of latencies and random faults.")] = 0,
    log: Annotated[Path | None, typer.Option(help="Append each request to this JSON-lines file.")] = None,
) -> None:
    """Serve stand-ins of Daily Papers, arXiv and the model on 127.0.0.1; prints KEY=value lines to use."""
    from flows.sandbox.config import SandboxConfig
    from flows.sandbox.faults import load_faults
    from flows.sandbox.server import serve

    try:
        config = SandboxConfig(
            payloads=payloads,
            port=port,
            latency=latency,
            faults=load_faults(faults) if faults else [],
            requests_per_minute=requests_per_minute,
            as_of=as_of,
            seed=seed,
            log=log,
        )
        serve(config)
    except (ValueError, OSError) as error:
        typer.echo(f"The sandbox was not started: {error}", err=True)
        raise typer.Exit(2) from error
