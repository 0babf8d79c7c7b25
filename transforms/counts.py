"""What a month of the release holds, counted once: kept in the footer of its file, summed for the card.

A daily run rewrites one month and the card that counts them all, so each file carries its own counts as a
line of JSON and no row of an old month is read again. Called by flows/month_file.py, which writes and reads
the line, and by flows/release.py.
"""

import json
from collections import Counter
from collections.abc import Collection
from datetime import date
from typing import NamedTuple

import polars as pl


class MonthCounts(NamedTuple):
    """Counts of one file; of one without ``translation_status`` its rows alone."""

    rows: int
    days: list[date]
    """Days that have a row, sorted."""
    listed_days: list[date]
    """Days that list a paper now, sorted."""
    by_status: dict[str, int]
    models: list[str]
    """Models of the Korean, sorted."""
    prompt_versions: list[str]
    """Prompts of the Korean, sorted."""
    archive_only: int
    """Listings that no fetch has seen, known from the archive alone."""


class CardCounts(NamedTuple):
    """What the release holds, for the page."""

    papers: int
    """Rows: a paper counts once for every list it stands on."""
    days: int
    first_day: str | None
    last_day: str | None
    by_status: dict[str, int]
    models: list[str]
    prompt_versions: list[str]
    archive_only: int

    @property
    def refused_percent(self) -> float | None:
        """Rows that the gate refused, of a hundred that it judged; None when it judged none."""
        refused, passed = (self.by_status.get(status, 0) for status in ("rejected", "ok"))
        return 100 * refused / (refused + passed) if refused + passed else None


def month_counts(rows: pl.DataFrame) -> MonthCounts:
    """Counts of a published month's rows."""
    if "translation_status" not in rows.columns:
        return MonthCounts(rows.height, [], [], {}, [], [], 0)
    korean = rows.filter(pl.col("translation_status").is_in(["ok", "archived"]))
    return MonthCounts(
        rows.height,
        _sorted(rows["list_date"]),
        _sorted(rows.filter(pl.col("delisted_at").is_null())["list_date"]),
        dict(sorted(rows["translation_status"].value_counts().iter_rows())),
        _sorted(korean["model"]),
        _sorted(korean["prompt_version"]),
        rows["first_seen_at"].null_count(),
    )


def counts_line(counts: MonthCounts) -> str:
    """The counts as one line of JSON; ``parsed_counts`` reads it.

    >>> counts_line(MonthCounts(1, [date(2026, 3, 5)], [], {}, [], [], 0))
    '{"rows":1,"days":["2026-03-05"],"listed_days":[],"by_status":{},"models":[],"prompt_versions":[],"archive_only":0}'
    """
    return json.dumps(counts._asdict(), default=date.isoformat, separators=(",", ":"))


def parsed_counts(line: str) -> MonthCounts:
    """The counts that ``counts_line`` made this line of.

    Raises:
        ValueError: It is no such line.
    """
    try:
        counts = MonthCounts(**json.loads(line))
        return counts._replace(
            days=[date.fromisoformat(day) for day in counts.days],  # type: ignore[arg-type]
            listed_days=[date.fromisoformat(day) for day in counts.listed_days],  # type: ignore[arg-type]
        )
    except TypeError as error:
        raise ValueError(f"no counts of a month: {line[:80]!r}") from error


def card_counts(months: Collection[MonthCounts]) -> CardCounts:
    """The counts of RELEASE's months together."""
    days = sorted({day for month in months for day in month.days})
    by_status: Counter[str] = Counter()
    for month in months:
        by_status.update(month.by_status)
    return CardCounts(
        papers=sum(month.rows for month in months),
        days=len(days),
        first_day=days[0].isoformat() if days else None,
        last_day=days[-1].isoformat() if days else None,
        by_status=dict(by_status),
        models=sorted({model for month in months for model in month.models}),
        prompt_versions=sorted({version for month in months for version in month.prompt_versions}),
        archive_only=sum(month.archive_only for month in months),
    )


def _sorted(values: pl.Series) -> list:  # type: ignore[type-arg]
    return values.drop_nulls().unique().sort().to_list()
