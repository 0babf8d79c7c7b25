"""The lake's tables into a month of each config that researchers load: papers, votes, parallel.

The archive's Korean has a licence of its own, so a month that has some comes in a second form without it, for
what is published. Reads the month itself and, for PARALLEL, which has a paper where it is listed first, the
ids of the months around it. A daily run looks at the month or two before; only a paper much older than its
list, or a backfill of old months, makes it look further. Called by flows/release.py and flows/check.py.
"""

from collections.abc import Collection
from typing import NamedTuple

import polars as pl

from flows.storage import Lake
from schemas.tables import ABSTRACTS, ARCHIVE, CORRECTIONS, PAPERS, TRANSLATIONS, VOTES
from transforms.parallel import earlier_months, parallel
from transforms.release import release, without_archived_korean


class MonthRows(NamedTuple):
    """What the lake gives for a month."""

    configs: dict[str, pl.DataFrame]
    """Rows of each of schemas.tables.CONFIGS, by its name."""
    public: pl.DataFrame | None
    """RELEASE rows without the archive's Korean; None where the archive lists nothing."""


def month_rows(lake: Lake, month: str) -> MonthRows:
    """The rows that the lake has for a month."""
    archive = lake.read(ARCHIVE, [month])
    rows = _release(lake, month, archive)
    public = None if archive.is_empty() else _release(lake, month, without_archived_korean(archive))
    before = earlier_months(rows["paper_id"].to_list(), month, _months(lake))
    configs = {
        "papers": rows,
        "votes": lake.read(VOTES, [month]),
        "parallel": parallel(rows, _listed(lake, before)),
    }
    return MonthRows(configs, public)


def listing_again(lake: Lake, months: Collection[str]) -> list[str]:
    """The later months, these aside, that list a paper of these months too; sorted."""
    later = [month for month in _months(lake) if month > min(months, default="") and month not in months]
    if not later:
        return []
    listed = _listed(lake, months).implode()
    return [month for month in later if _listed(lake, [month]).is_in(listed).any()]


def _release(lake: Lake, month: str, archive: pl.DataFrame) -> pl.DataFrame:
    papers = lake.read(PAPERS, [month])
    ids = pl.concat([papers["paper_id"], archive["paper_id"]]).unique()
    known = (lake.read_papers(table, ids) for table in (ABSTRACTS, TRANSLATIONS, CORRECTIONS))
    abstracts, translations, corrections = known
    return release(papers, abstracts, translations, archive, corrections)


def _months(lake: Lake) -> list[str]:
    """Months that list papers, sorted."""
    return sorted({*lake.months(PAPERS), *lake.months(ARCHIVE)})


def _listed(lake: Lake, months: Collection[str]) -> pl.Series:
    """Ids of the papers that these months list."""
    tables = [lake.read_columns(table, months, ["paper_id"]) for table in (PAPERS, ARCHIVE)]
    return pl.concat(tables)["paper_id"].unique()
