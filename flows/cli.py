"""The command line, ``daily-papers``, and its commands.

Commands only read their options and call a flow; what a run prints is flows/console.py. Exit codes: 0
done; 1 done but rows were rejected or a day is below its completeness floor; 2 wrong usage or settings;
3 a service was unavailable or a limit on spending was reached, and the next run continues.
"""

import os
import signal
import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from flows.cli_fix import fix
from flows.settings import apply_prefect_settings

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    help="Hugging Face Daily Papers as a dataset with Korean columns and a Korean digest.",
)


def _day(meaning: str) -> Any:
    return typer.Option(formats=["%Y-%m-%d"], metavar="YYYY-MM-DD", help=meaning)


_MAX_COST = typer.Option(min=0, help="US dollars that this run may spend on the model at most.")


def main() -> None:
    """Entry point of the console script."""
    apply_prefect_settings()
    # The terminal shows bars and a table; Prefect's own lines go to its server and its UI.
    os.environ.setdefault("PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL", "CRITICAL")
    try:
        app()
    except Exception as error:
        sys.exit(_store_fault_told(error))


def _store_fault_told(error: Exception) -> int:
    """Say that the lake's store is away, whichever command asked it; every other error goes on."""
    from flows.errors import LakeUnwritable
    from flows.object_store import faults_named, folder
    from flows.settings import load_settings

    try:
        with faults_named(folder(load_settings().home)):
            raise error
    except LakeUnwritable as named:
        print(named, file=sys.stderr)
        return named.exit_code


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
    max_cost: Annotated[float | None, _MAX_COST] = None,
) -> None:
    """Take one day (default: today, UTC) and the days before it from the Hub to the release."""
    from flows.console import run_to_end
    from flows.daily import daily

    day = date.date() if date else None
    again = "daily-papers run" + (f" --date {day}" if day else "")
    again += f" --refresh-days {refresh_days}" if refresh_days is not None else ""
    again += f" --max-cost {max_cost:g}" if max_cost is not None else ""
    one_shot = daily.with_options(retries=0)
    raise typer.Exit(run_to_end(lambda: one_shot(day, refresh_days, max_cost), again))


@app.command()
def backfill(
    since: Annotated[datetime, _day("First list date.")],
    until: Annotated[datetime, _day("Last list date.")],
    retranslate: Annotated[
        Literal["archived", "recipe", "rejected"] | None,
        typer.Option(
            help="Translate, and pay for, again: papers that the archive has in Korean, papers whose Korean "
            "is another model's or prompt's, or papers that were rejected too often."
        ),
    ] = None,
    batch: Annotated[
        bool, typer.Option("--batch", help="Ask by the Batch API: half the price, within a day or two.")
    ] = False,
    wait: Annotated[
        bool, typer.Option(help="With --batch: wait for the answers, or collect what is there and end.")
    ] = True,
    max_cost: Annotated[float | None, _MAX_COST] = None,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Ask the Hub and arXiv but no model, and say what it would cost."),
    ] = False,
) -> None:
    """Take every day from --since to --until, month by month, from the Hub to the release."""
    if until < since:
        raise typer.BadParameter(f"--until {until:%Y-%m-%d} is before --since {since:%Y-%m-%d}")
    from flows.backfill import backfill as backfill_flow
    from flows.console import run_to_end

    again = f"daily-papers backfill --since {since:%Y-%m-%d} --until {until:%Y-%m-%d}"
    again += f" --retranslate {retranslate}" if retranslate else ""
    again += (" --batch" if batch else "") + ("" if wait else " --no-wait")
    again += f" --max-cost {max_cost:g}" if max_cost is not None else ""
    raise typer.Exit(
        run_to_end(
            lambda: backfill_flow(
                since.date(),
                until.date(),
                retranslate,
                max_cost=max_cost,
                batch=batch,
                wait=wait,
                dry_run=dry_run,
            ),
            again,
            is_dry=dry_run,
        )
    )


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
    digest_git: Annotated[
        Path | None, typer.Option(help="Commit the digest into this checkout, to the branch it is on.")
    ] = None,
    push: Annotated[bool, typer.Option("--push", help="With --digest-git: push it, never by force.")] = False,
    repo: Annotated[
        str | None,
        typer.Option(
            metavar="ORG/NAME",
            help="Publish it to this dataset on the Hub; default DAILY_PAPERS_REPO, if set.",
        ),
    ] = None,
    private: Annotated[
        bool, typer.Option("--private", help="A dataset that is made is a private one.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what the Hub would get; nothing is written or sent.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Make a missing dataset without asking.")] = False,
    verify: Annotated[
        bool, typer.Option("--verify", help="Download what is on the Hub and compare it, row for row.")
    ] = False,
    take_theirs: Annotated[
        bool, typer.Option("--take-theirs", help="Leave files as somebody edited them on the Hub.")
    ] = False,
    take_ours: Annotated[
        bool, typer.Option("--take-ours", help="Put ours in the place of files edited on the Hub.")
    ] = False,
) -> None:
    """Write the release again from the lake: dataset, card, pictures and digest; publish it where asked."""
    from flows.console import run_publish
    from transforms.forms import FORMS

    if form is not None and form not in FORMS:
        raise typer.BadParameter(f"--form {form}: expected one of {', '.join(FORMS)}")
    if push and digest_git is None:
        raise typer.BadParameter("--push pushes what --digest-git DIR commits; name that folder too")
    to = repo or os.environ.get("DAILY_PAPERS_REPO")
    if (private or dry_run or yes or verify or take_theirs or take_ours) and not to:
        raise typer.BadParameter("publish where? Name --repo ORG/NAME, or set DAILY_PAPERS_REPO")
    if to and to.count("/") != 1:
        raise typer.BadParameter(f"{to!r} is no dataset on the Hub; its form is ORG/NAME")
    if take_theirs and take_ours:
        raise typer.BadParameter("--take-theirs and --take-ours: only one side can be right")
    if verify and (dry_run or take_theirs or take_ours):
        raise typer.BadParameter("--verify only compares; it goes with --repo alone")
    code = 0 if dry_run or verify else run_publish(form)
    if code == 0 and to:
        from flows.publish_hub import publish_to_hub, verify_hub

        decision: Literal["theirs", "ours"] | None = (
            "theirs" if take_theirs else "ours" if take_ours else None
        )
        code = (
            verify_hub(to)
            if verify
            else publish_to_hub(to, decision, private=private, yes=yes, is_dry=dry_run)
        )
    if code == 0 and digest_git is not None and not dry_run and not verify:
        from flows.digest_git import publish_digest

        code = publish_digest(digest_git, push=push)
    raise typer.Exit(code)


app.command()(fix)


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
def cost(
    by: Annotated[Literal["day", "month", "model"], typer.Option(help="What a row stands for.")] = "month",
    since: Annotated[datetime | None, _day("First day (UTC) on which answers came.")] = None,
    until: Annotated[datetime | None, _day("Last day.")] = None,
    format: Annotated[
        Literal["table", "csv", "json"], typer.Option(help="A table with totals, or the rows alone.")
    ] = "table",
) -> None:
    """Show what the translations cost: answers, papers, tokens, dollars."""
    if since and until and until < since:
        raise typer.BadParameter(f"--until {until:%Y-%m-%d} is before --since {since:%Y-%m-%d}")
    from flows.cost import cost as show_cost

    days = (since.date() if since else None, until.date() if until else None)
    raise typer.Exit(show_cost(by, *days, format))


@app.command()
def alarms(
    url: Annotated[
        str | None,
        typer.Option(
            metavar="APPRISE_URL",
            help="Where messages go: a Slack or Discord webhook, mailto://…, json://…; default "
            "DAILY_PAPERS_ALARM_URL, which no process list shows.",
        ),
    ] = None,
    remove: Annotated[
        bool, typer.Option("--remove", help="Remove the alarms and the address from the server.")
    ] = False,
    test: Annotated[bool, typer.Option("--test", help="Send a test message the way an alarm takes.")] = False,
) -> None:
    """Have Prefect's server send a message when a run fails, is late or missing, or passes a bound."""
    if remove and (url or test):
        raise typer.BadParameter("--remove goes alone")
    from pydantic import SecretStr

    from flows.alarms import alarms as keep_alarms

    raise typer.Exit(keep_alarms(SecretStr(url) if url else None, remove=remove, test=test))


@app.command()
def check(
    answers: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            dir_okay=False,
            help="Judge pairs instead: a JSON-lines file of paper_id, title, abstract, title_ko, "
            "abstract_ko, summary_ko. Each line comes out with its issues.",
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="File for the judged lines; default: standard output.")
    ] = None,
    codes: Annotated[
        bool, typer.Option("--codes", help="List every code of an issue, its severities and its meaning.")
    ] = False,
) -> None:
    """Check that the lake is sound and the release whole and loadable; or judge any Korean (--answers)."""
    if codes and answers is not None:
        raise typer.BadParameter("--codes and --answers are two questions; give one of them")
    if out is not None and answers is None:
        raise typer.BadParameter("--out goes with --answers")
    if codes or answers is not None:
        from flows.check_answers import check_answers, list_codes

        raise typer.Exit(list_codes() if answers is None else check_answers(answers, out))
    from flows.console import run_check

    raise typer.Exit(run_check())


@app.command()
def serve(
    port: Annotated[
        int,
        typer.Option(
            min=1,
            max=65535,
            help="Port of 127.0.0.1 for the Prefect server and its UI; PREFECT_API_URL wins.",
        ),
    ] = 4200,
) -> None:
    """Run the schedules of prefect.yaml on this machine, with Prefect's UI, until the command is stopped."""
    from flows.errors import DailyPapersError
    from flows.local_server import local_server
    from flows.object_store import folder
    from flows.settings import load_settings

    # A signal from a service manager ends the server too; Prefect's runner puts its own handler over it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        settings = load_settings()
        settings.require_model_key()
        os.environ["DAILY_PAPERS_HOME"] = str(folder(settings.home))
        with local_server(port) as server:
            # Prefect's clients read the server's address when they are imported.
            from flows.serve import serve_deployments

            serve_deployments(server)
    except DailyPapersError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(error.exit_code) from error


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
    tokens_per_minute: Annotated[int | None, typer.Option(min=1, help="Its limit of tokens.")] = None,
    limiter: Annotated[
        Literal["window", "bucket"], typer.Option(help="How limits count a minute: anew, or evenly.")
    ] = "window",
    limit_headers: Annotated[bool, typer.Option(help="Answers say what is left of the limits.")] = True,
    retry_after: Annotated[bool, typer.Option(help="A 429 says how long to wait.")] = True,
    structured: Annotated[
        Literal["strict", "json_object", "none"],
        typer.Option(help="Strictest response_format of the model; a stricter one is answered with 400."),
    ] = "strict",
    reasoning: Annotated[
        float, typer.Option(min=0, max=0.99, help="Share of the completion tokens said to be reasoning.")
    ] = 0.0,
    batch_seconds: Annotated[
        float, typer.Option(min=0, help="Seconds from a batch's creation to its end.")
    ] = 1.0,
    hub: Annotated[
        Path | None, typer.Option(help="Folder that keeps the Hub's repositories; default: a temporary one.")
    ] = None,
    as_of: Annotated[str | None, typer.Option(help="Serve lists fetched until then (UTC).")] = None,
    seed: Annotated[int, typer.Option(help="Seed of latencies and random faults.")] = 0,
    log: Annotated[Path | None, typer.Option(help="Append each request to this JSON-lines file.")] = None,
) -> None:
    """Serve stand-ins of Daily Papers, arXiv, the model and the Hub on 127.0.0.1; prints KEY=value lines."""
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
            tokens_per_minute=tokens_per_minute,
            limiter=limiter,
            limit_headers=limit_headers,
            retry_after=retry_after,
            structured=structured,
            reasoning=reasoning,
            batch_seconds=batch_seconds,
            hub=hub,
            as_of=as_of,
            seed=seed,
            log=log,
        )
        serve(config)
    except (ValueError, OSError) as error:
        typer.echo(f"The sandbox was not started: {error}", err=True)
        raise typer.Exit(2) from error
