"""A person's Korean for one paper: what they are shown, what of it can be taken, the row that keeps it.

A correction belongs to the English that the person read: it counts while the paper has that English, over any
translation, and is taken back by a further row, never deleted. It is judged by the gate as any pair is
(transforms/pairs.py), and the person may know better. Called by flows/fix.py, flows/check.py and
transforms/release.py.
"""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

import polars as pl

from schemas.answer import Issue, Korean, Section
from schemas.tables import CORRECTIONS, SECTIONS
from transforms.gate.case import quoted
from transforms.pairs import judged_line
from transforms.quality import MENDED, repaired
from transforms.text import encodable, plain

_LONGEST_NAME: Final = 200
_LONGEST_REASON: Final = 2000
_SHOWN: Final = 80
_ENGLISH: Final = ["paper_id", "source_sha256"]
_BY_WORTH: Final = ("ok", "archived", "rejected", "pending")


class Unusable(ValueError):
    """What the person gave cannot be taken; the sentence says what was expected and what came."""


class Standing(NamedTuple):
    """A paper as it stands, for whoever corrects it."""

    paper_id: str
    title: str
    abstract: str
    source_sha256: str
    shown: Korean
    """What a person starts from: the release's Korean, or of a refused paper that of its best answer."""
    row: dict[str, Any]
    """Its RELEASE row; of several the one with the most Korean, and then the latest."""


class Proposal(NamedTuple):
    """Korean as a person would have it, and what the gate finds in it."""

    korean: Korean
    issues: list[Issue]

    @property
    def errors(self) -> list[Issue]:
        """The issues that refuse it, unless the person knows better."""
        return [issue for issue in self.issues if issue.severity == "error"]


# Which corrections count -------------------------------------------------------------------------


def standing_corrections(corrections: pl.DataFrame, sources: pl.DataFrame) -> pl.DataFrame:
    """The CORRECTIONS row of each paper that counts: made for the English of ``sources``, not taken back."""
    present = _not_taken_back(corrections).join(sources, on=_ENGLISH, how="semi")
    return present.sort("paper_id", "corrected_at").unique("paper_id", keep="last", maintain_order=True)


def without_corrected(sources: pl.DataFrame, corrections: pl.DataFrame) -> pl.DataFrame:
    """The ``sources`` that no standing correction is for: no model need be asked for the others."""
    standing = standing_corrections(corrections, sources)
    return sources.join(standing, on="paper_id", how="anti", maintain_order="left")


def left_behind(corrections: pl.DataFrame, sources: pl.DataFrame) -> list[str]:
    """Ids of the papers with corrections that stand, but for English that they no longer have; sorted."""
    counting = standing_corrections(corrections, sources)
    behind = _not_taken_back(corrections).join(counting, on="paper_id", how="anti")
    return behind["paper_id"].unique().sort().to_list()


def _not_taken_back(corrections: pl.DataFrame) -> pl.DataFrame:
    taken = corrections.drop_nulls("takes_back").select(*_ENGLISH, corrected_at="takes_back")
    return corrections.filter(pl.col("takes_back").is_null()).join(taken, on=CORRECTIONS.key, how="anti")


# What a person sees and gives --------------------------------------------------------------------


def standing(rows: pl.DataFrame, sources: pl.DataFrame, translations: pl.DataFrame) -> Standing | None:
    """A paper as it stands; None while no English of it is known, title and abstract.

    Args:
        rows: Its RELEASE rows, one at least.
        sources: Its row of ``translation_sources``, if it has one.
        translations: Its TRANSLATIONS rows.
    """
    if sources.is_empty():
        return None
    (source,) = sources.to_dicts()
    worth = pl.col("translation_status").replace_strict(list(_BY_WORTH), list(range(len(_BY_WORTH))))
    row = rows.sort(worth, "list_date", descending=[False, True]).row(0, named=True)
    refused = translations.join(sources, on=_ENGLISH, how="semi").drop_nulls("title_ko")
    if row["translation_status"] == "rejected" and not refused.is_empty():
        shown = korean_of(refused.sort("translated_at", "recipe_id").row(-1, named=True))
    else:
        shown = korean_of(row)
    return Standing(
        source["paper_id"], source["title"], source["abstract"], source["source_sha256"], shown, row
    )


def korean_of(row: dict[str, Any]) -> Korean:
    """The Korean of a row of RELEASE, TRANSLATIONS or CORRECTIONS."""
    entries = row["summary_ko"] or []
    return Korean(row["title_ko"], row["abstract_ko"], [Section(**entry) for entry in entries])


def shown_text(paper: Standing) -> str:
    """The paper as JSON to edit: English and Korean in the keys of ``check --answers``."""
    korean = paper.shown
    pair = {
        "paper_id": paper.paper_id,
        "title": paper.title,
        "abstract": paper.abstract,
        "title_ko": korean.title_ko,
        "abstract_ko": korean.abstract_ko,
        "summary_ko": [section._asdict() for section in korean.summary_ko] or None,
    }
    return json.dumps(pair, ensure_ascii=False, indent=2) + "\n"


def proposal(content: bytes, paper: Standing) -> Proposal:
    """The Korean of an edited ``shown_text``, as plain lines, and what the gate finds in it.

    Raises:
        Unusable: It is no such JSON, belongs to another paper or other English, names a section that there
            is none of, or leaves nothing where Korean stands.
    """
    line = judged_line(1, content)
    if not line.is_judged:
        raise Unusable(" ".join(issue.message for issue in line.issues))
    pair = json.loads(line.text)
    for name in ("paper_id", "title", "abstract"):
        if pair[name] != getattr(paper, name):
            own, got = getattr(paper, name), pair[name] or ""
            raise Unusable(f"{name}: expected the paper's own, {_quoted(own)}, got {_quoted(got)}.")
    entries = [Section(entry["section"], entry["text"]) for entry in pair["summary_ko"] or []]
    korean = repaired(Korean(pair["title_ko"], pair["abstract_ko"], entries))
    korean = Korean(
        korean.title_ko or None, korean.abstract_ko or None, [each for each in korean.summary_ko if each.text]
    )
    if faults := list(_faults(korean, paper.shown)):
        raise Unusable(" ".join(faults))
    return Proposal(korean, [issue for issue in line.issues if issue.code not in MENDED])


def _faults(korean: Korean, before: Korean) -> Iterator[str]:
    known = dict.fromkeys([*SECTIONS, *(section.section for section in before.summary_ko), None])
    for section in korean.summary_ko:
        if section.section not in known:
            names = ", ".join(str(name) for name in known if name)
            yield f"summary_ko: expected a section of {names}, or null, got {_quoted(section.section or '')}."
    for name in Korean._fields:
        if getattr(before, name) and not getattr(korean, name):
            yield f"{name}: expected Korean, which stands there now, got nothing."
    if not any(korean):
        yield "Expected Korean in one field at least, got none."


def _quoted(text: str) -> str:
    return quoted(plain(text[: 2 * _SHOWN])[:_SHOWN])


# The row that keeps it ---------------------------------------------------------------------------


def said(by: str, why: str) -> tuple[str, str]:
    """Who and why as plain lines.

    Raises:
        Unusable: One of them is empty or too long.
    """
    for name, text, longest in (("--by", by, _LONGEST_NAME), ("--why", why, _LONGEST_REASON)):
        if not 0 < len(plain(text)) <= longest:
            raise Unusable(f"{name}: expected 1 to {longest:,} visible characters, got {len(plain(text)):,}.")
    return plain(by), plain(why)


def is_released(korean: Korean, paper: Standing) -> bool:
    """Whether this Korean is what the release has already."""
    return korean == korean_of(paper.row)


def correction(
    paper: Standing, given: Proposal, who: tuple[str, str], now: datetime, earlier: pl.DataFrame
) -> pl.DataFrame:
    """The CORRECTIONS row for this Korean, later than each of the paper's ``earlier`` rows."""
    korean = given.korean
    row = {
        **_decision(paper, paper.source_sha256, who, now, earlier),
        "title_ko": korean.title_ko,
        "abstract_ko": korean.abstract_ko,
        "summary_ko": [section._asdict() for section in korean.summary_ko] or None,
        "translation_issues": [
            {name: encodable(value) for name, value in issue._asdict().items()} for issue in given.issues
        ],
    }
    return pl.DataFrame([row], schema=CORRECTIONS.empty().schema)


def taking_back(
    paper: Standing, who: tuple[str, str], now: datetime, earlier: pl.DataFrame
) -> pl.DataFrame | None:
    """The CORRECTIONS row that takes back the newest of ``earlier``; None when none stands.

    One for the paper's present English comes first, then one that was left behind.
    """
    is_present = pl.col("source_sha256") == paper.source_sha256
    open_rows = _not_taken_back(earlier).sort(is_present, "corrected_at")
    if open_rows.is_empty():
        return None
    last = open_rows.row(-1, named=True)
    row = {
        **_decision(paper, last["source_sha256"], who, now, earlier),
        "takes_back": last["corrected_at"],
        "translation_issues": [],
    }
    return pl.DataFrame([row], schema=CORRECTIONS.empty().schema)


def _decision(
    paper: Standing, source_sha256: str, who: tuple[str, str], now: datetime, earlier: pl.DataFrame
) -> dict[str, Any]:
    """What every row has: whose decision it was, and what the release had until then."""
    released = paper.row
    latest = earlier["corrected_at"].max()
    # The newest counts, also where the machine's clock was set back in between.
    is_behind = isinstance(latest, datetime) and latest >= now
    return {
        "paper_id": paper.paper_id,
        "source_sha256": source_sha256,
        "corrected_at": latest + timedelta(microseconds=1) if is_behind else now,  # type: ignore[operator]
        "corrected_by": who[0],
        "correction_reason": who[1],
        "status_before": released["translation_status"],
        **{name.replace("_ko", "_before"): released[name] for name in Korean._fields},
        **{name: released[name] for name in ("model", "prompt_version", "translated_at")},
    }
