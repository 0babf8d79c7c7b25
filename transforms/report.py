"""What a run did, as numbers and as sentences: one report for the terminal and the Prefect artifacts.

Called by flows/pipeline.py, which fills it, by flows/run_page.py, which shows it on the run's page, and by
flows/console.py, which prints it.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

import polars as pl

from schemas.payloads import Usage
from transforms.estimate import Estimate, dry_run_lines
from transforms.markdown import escaped

# More than this share of refused answers is no bad luck of a few papers: the run has failed. Below so many it
# is a few papers, whatever the share: most weeks have one paper to try again, and it may be refused again.
_REJECTED_SHARE = 0.2
_REJECTED_FEW = 2
_MOST_NAMED = 10
# Prefect's page does not wrap a table's cell but cuts it off; what may be longer stands as a sentence.
_MAY_BE_LONG = ("Rejected for", "Fields ignored")

_LISTED = ("new", "changed", "unchanged", "delisted", "repeated", "rejected")
_ABSTRACTS = ("arxiv", "huggingface")
_FULL_TEXTS = ("found", "none")
_TRANSLATED = ("ok", "rejected", "waiting")
_USAGE = {
    "calls": "answers",
    "input": "tokens in",
    "cached": "of these cached",
    "output": "tokens out",
    "reasoning": "of these reasoning",
}


@dataclass
class Report:
    """Counts of one run; everything that came in is in exactly one count of its step."""

    run: str
    listed: Counter[str] = field(default_factory=Counter)
    """Records of the day lists: new, changed, unchanged, delisted, repeated, rejected."""
    abstracts: Counter[str] = field(default_factory=Counter)
    """Papers by where their abstract came from in this run: arxiv, huggingface."""
    translated: Counter[str] = field(default_factory=Counter)
    """Papers: ok, rejected, waiting (the model did not answer)."""
    full_texts: Counter[str] = field(default_factory=Counter)
    """Papers to translate by what the Hub has of their text: found, none."""
    given_up: set[str] = field(default_factory=set)
    """Papers that were rejected as often as a run tries, and wait for the operator."""
    usage: Counter[str] = field(default_factory=Counter)
    """Model answers paid for by this run and their tokens: calls, input, cached, output, reasoning."""
    cost_usd: float | None = 0.0
    """US dollars for those answers; None once the price of one is unknown."""
    estimate: Estimate | None = None
    """What translating would cost; only a dry run has it."""
    codes: Counter[str] = field(default_factory=Counter)
    """Why translations were rejected, by code."""
    record_reasons: Counter[str] = field(default_factory=Counter)
    """Why records of the day lists were rejected, by reason."""
    ignored_fields: Counter[str] = field(default_factory=Counter)
    """Optional fields of the day lists that had an unusable value."""
    files_written: int = 0
    hub: str = ""
    """What publishing to the Hub did, in a sentence; empty where nothing was to be published there."""
    papers: list[tuple[int | None, str, str]] = field(default_factory=list)
    """The day's papers as (votes, title, translation status), most-voted first; empty for a backfill."""
    incomplete: list[str] = field(default_factory=list)
    """One sentence for each day whose list looks incomplete."""
    broken: list[str] = field(default_factory=list)
    """One sentence for each kept file that cannot be used."""
    refused: list[str] = field(default_factory=list)
    """One sentence for each setting that a service refused."""
    unavailable: list[str] = field(default_factory=list)
    """One sentence for each service call that failed for good."""

    def paid(self, usage: Usage, cost: float | None) -> None:
        """Count one paid answer; its cost is None where no price is known."""
        self.usage.update(
            calls=1,
            input=usage.input_tokens,
            cached=usage.cached_tokens,
            output=usage.output_tokens,
            reasoning=usage.reasoning_tokens,
        )
        self.cost_usd = None if cost is None or self.cost_usd is None else self.cost_usd + cost

    @property
    def is_failed(self) -> bool:
        """True when a service or a day's list was missing, or too much was refused."""
        rejected, tried = self.translated["rejected"], self.translated.total()
        too_many = rejected > _REJECTED_FEW and rejected > _REJECTED_SHARE * tried
        return bool(self.incomplete or self.broken or self.unavailable or self.refused or too_many)

    @property
    def exit_code(self) -> int:
        """0 done; 1 rows rejected or a day below its floor; 2 settings refused; 3 a service unavailable."""
        if self.refused:
            return 2
        if self.unavailable:
            return 3
        is_rejected = self.listed["rejected"] or self.translated["rejected"]
        return int(bool(self.incomplete or self.broken or is_rejected))


def report_lines(report: Report) -> list[tuple[str, str]]:
    """The report's table: (what, how many), empty lines left out."""
    listed = report.listed
    rejected_for = report.codes + report.record_reasons
    lines = [
        ("Listed", _counts(listed, _LISTED)),
        ("Abstracts", _counts(report.abstracts, _ABSTRACTS)),
        ("Full texts", _counts(report.full_texts, _FULL_TEXTS)),
        ("Translated", _counts(report.translated, _TRANSLATED)),
        ("Model", "" if report.estimate else _paid(report)),
        ("Rejected for", _counts(rejected_for, tuple(sorted(rejected_for)))),
        ("Fields ignored", _counts(report.ignored_fields, tuple(sorted(report.ignored_fields)))),
        ("Release", "" if report.estimate else f"{report.files_written} files written"),
        *(dry_run_lines(report.estimate) if report.estimate else []),
    ]
    return [(what, how_many) for what, how_many in lines if how_many]


def report_rows(report: Report) -> list[dict[str, str | int | float]]:
    """The report's numbers as the rows of a table: step, what, count; dollars stand as what they are."""
    rejected_for, ignored = report.codes + report.record_reasons, report.ignored_fields
    steps = (
        ("day lists", report.listed, _named(_LISTED)),
        ("abstracts", report.abstracts, _named(_ABSTRACTS)),
        ("full texts", report.full_texts, _named(_FULL_TEXTS)),
        ("translations", report.translated, _named(_TRANSLATED)),
        ("rejected for", rejected_for, _named(sorted(rejected_for))),
        ("fields ignored", ignored, _named(sorted(ignored))),
        ("model", report.usage, _USAGE),
    )
    rows: list[dict[str, str | int | float]] = [
        {"step": step, "what": what, "count": counter[name]}
        for step, counter, names in steps
        for name, what in names.items()
        if counter[name]
    ]
    if report.estimate:
        for what, how_much in dry_run_lines(report.estimate):
            rows.append({"step": "estimate", "what": what, "count": how_much})
        return rows
    if report.cost_usd is None:
        rows.append({"step": "model", "what": "US dollars", "count": "unknown (DAILY_PAPERS_PRICES)"})
    elif report.usage:
        rows.append({"step": "model", "what": "US dollars", "count": round(report.cost_usd, 6)})
    return [*rows, {"step": "release", "what": "files written", "count": report.files_written}]


def report_sentences(report: Report) -> list[str]:
    """What a person must know beyond the counts, one sentence each; what is wrong comes first."""
    sentences = [*report.refused, *report.broken, *report.unavailable, *report.incomplete]
    if rejected := report.translated["rejected"]:
        codes = _counts(report.codes, tuple(sorted(report.codes)))
        tried = report.translated["ok"] + rejected
        sentences.append(
            f"{rejected} of {tried} translations rejected ({codes}). "
            "Published in English only; the answers are kept in answers/."
        )
    if report.given_up:
        sentences.append(
            f"{len(report.given_up)} papers were rejected as often as runs try by themselves "
            f"({_some(sorted(report.given_up))}) and stay in English. To pay for another try: daily-papers "
            "backfill --since … --until … --retranslate rejected"
        )
    if rejected := report.listed["rejected"]:
        what = "record" if rejected == 1 else "records"
        sentences.append(f"{rejected} {what} of the day lists rejected and kept in rejected/.")
    return [*sentences, report.hub] if report.hub else sentences


def day_papers(release: pl.DataFrame, list_date: date) -> list[tuple[int | None, str, str]]:
    """The day's listed papers of RELEASE as (votes, Korean or English title, status), most-voted first."""
    listed = release.filter(pl.col("list_date") == list_date, pl.col("delisted_at").is_null())
    ordered = listed.sort("upvotes", "rank", descending=[True, False], nulls_last=True)
    return ordered.select("upvotes", pl.coalesce("title_ko", "title"), "translation_status").rows()


def report_markdown(report: Report) -> str:
    """The report as a Markdown artifact: heading, verdict, sentences, table of counts, the day's papers."""
    counts = report_lines(report)
    long = [f"{what}: {how_many}" for what, how_many in counts if what in _MAY_BE_LONG]
    lines = [f"# {escaped(report.run)}", "", f"**{_verdict(report)}**", ""]
    lines += [f"- {escaped(sentence)}" for sentence in [*report_sentences(report), *long]]
    lines += ["", "| Step | Result |", "| --- | --- |"]
    lines += [
        f"| {escaped(what)} | {escaped(how_many)} |" for what, how_many in counts if what not in _MAY_BE_LONG
    ]
    if report.papers:
        lines += ["", "| Votes | Paper | Korean |", "| ---: | --- | --- |"]
        lines += [
            f"| {votes or 0:,} | {escaped(title)} | {status} |" for votes, title, status in report.papers
        ]
    return "\n".join(lines).rstrip() + "\n"


def without_pictures(page: str) -> str:
    """A page of the digest without its pictures, each of which is a paragraph of its own there."""
    return "\n\n".join(part for part in page.split("\n\n") if not part.startswith(("![", "[![")))


def _verdict(report: Report) -> str:
    """Whether the run went well, for somebody who reads no more than this."""
    if report.is_failed:
        return "Failed. What could be done is done and kept; what was not:"
    if report.estimate:
        return "Done: a dry run, which asked no model and wrote no release."
    return "Done, but some of it was refused:" if report.exit_code else "Done. Nothing was refused."


def _paid(report: Report) -> str:
    """Answers, tokens and dollars in one line."""
    usage, cost = report.usage, report.cost_usd
    thought = f" ({usage['reasoning']:,} reasoning)" if usage["reasoning"] else ""
    money = f"${cost:,.4f}" if cost is not None else "cost unknown (DAILY_PAPERS_PRICES)"
    return (
        f"{usage['calls']:,} answers, {usage['input']:,} tokens in ({usage['cached']:,} cached), "
        f"{usage['output']:,} out{thought}, {money}"
    )


def _some(names: list[str]) -> str:
    """The first few names, and how many more there are."""
    shown = ", ".join(names[:_MOST_NAMED])
    return shown if len(names) <= _MOST_NAMED else f"{shown} and {len(names) - _MOST_NAMED} more"


def _named(names: Iterable[str]) -> dict[str, str]:
    """Names that a table shows as they are."""
    return {name: name for name in names}


def _counts(counter: Counter[str], names: tuple[str, ...]) -> str:
    return ", ".join(f"{counter[name]:,} {name}" for name in names if counter[name])
