"""What came from outside, kept as it came: day lists, arXiv feeds, paid answers, refused records.

Raw bytes are never edited, so every table can be rebuilt from them. A paid answer is durable before it
is used and its file's name is what was asked, so a run that died finds it and nothing is paid twice.
Called by flows/extract.py, flows/enrich.py, flows/full_text.py and flows/paid_answers.py; flows/daily.py and
flows/refresh_votes.py ask what was fetched.
"""

import json
from datetime import date, datetime, timedelta

import polars as pl
from pydantic import AwareDatetime, BaseModel, ValidationError
from upath import UPath

from flows.errors import ContractBroken
from flows.storage import Lake
from schemas.tables import REJECTED
from transforms.recipe import Recipe


class KeptAnswer(BaseModel):
    """One paid answer: the raw response body, where it belongs and what it cost."""

    paper_id: str
    source_sha256: str
    recipe_id: str
    step: str
    """Its place in the conversation (transforms/conversation.py)."""
    model: str
    answered_at: AwareDatetime
    request_id: str | None
    is_batch: bool
    cost_usd: float | None
    body: str


def keep_day(lake: Lake, list_date: date, fetched_at: datetime, pages: list[bytes]) -> list[UPath]:
    """Keep the pages of a day list, unless they are the ones kept last; the files written.

    Files are named ``<fetched_at>-p<page>.json``. A second that is taken moves on, so that nothing
    received is ever overwritten.
    """
    folder = _day_folder(lake, list_date)
    kept = sorted({path.name.rsplit("-p", 1)[0] for path in folder.glob("*-p*.json")})
    if kept and pages == _pages(folder, kept[-1]):
        return []
    while (stamp := _stamp(fetched_at)) in kept:
        fetched_at += timedelta(seconds=1)
    paths = [folder / f"{stamp}-p{number}.json" for number in range(len(pages))]
    for path, content in zip(paths, pages, strict=True):
        lake.write_bytes(path, content)
    return paths


def was_fetched(lake: Lake, list_date: date, before: datetime | None = None) -> bool:
    """True when a list of this day was received, at any time or before this one."""
    stamps = (path.name.rsplit("-p", 1)[0] for path in _day_folder(lake, list_date).glob("*-p*.json"))
    return any(before is None or stamp < _stamp(before) for stamp in stamps)


def keep_feed(lake: Lake, fetched_at: datetime, batch: int, body: bytes) -> UPath:
    """Keep an arXiv answer under the day it came; the file written."""
    while True:
        folder = lake.home / "raw/arxiv" / fetched_at.strftime("%Y/%m/%d")
        path = folder / f"{_stamp(fetched_at)}-b{batch}.xml"
        if not path.exists():
            lake.write_bytes(path, body)
            return path
        fetched_at += timedelta(seconds=1)


def kept_page(lake: Lake, paper_id: str) -> bytes | None:
    """The paper's page as it was received, or None when none is kept."""
    return lake.content(_page_path(lake, paper_id))


def keep_page(lake: Lake, paper_id: str, page: bytes) -> None:
    """Keep a paper's page."""
    lake.write_bytes(_page_path(lake, paper_id), page)


def _page_path(lake: Lake, paper_id: str) -> UPath:
    return lake.home / "raw/papers" / paper_id[:4] / f"{paper_id}.md"


def kept_answer(lake: Lake, path: UPath) -> KeptAnswer | None:
    """The answer kept at this path, or None when none is.

    Raises:
        ContractBroken: There is a file that is no kept answer; asking again would pay twice unnoticed.
    """
    if (content := lake.content(path)) is None:
        return None
    try:
        return KeptAnswer.model_validate_json(content)
    except ValidationError as error:
        raise ContractBroken(
            f"{lake.name(path)} is not a kept answer ({error.errors()[0]['msg']}). Delete it to pay for that "
            "answer once more, and run the same command again."
        ) from error


def keep_answer(lake: Lake, path: UPath, answer: KeptAnswer) -> None:
    """Make a paid answer durable; only then may it be used."""
    lake.write_new(path, answer.model_dump_json(indent=1).encode())


def keep_recipe(lake: Lake, recipe: Recipe) -> None:
    """Write what the short hash in the answers' folder stands for."""
    text = json.dumps(recipe._asdict(), ensure_ascii=False, indent=1)
    lake.write_bytes(lake.home / "answers" / recipe.recipe_id / "recipe.json", text.encode())


def keep_rejected(lake: Lake, rejected: pl.DataFrame) -> None:
    """Keep refused records that are not kept yet; a record refused again keeps its first date."""
    known = lake.read(REJECTED, rejected["list_date"].dt.strftime("%Y-%m").to_list())
    lake.upsert(REJECTED, rejected.join(known, on=REJECTED.key, how="anti"))


def _pages(folder: UPath, stamp: str) -> list[bytes]:
    paths = folder.glob(f"{stamp}-p*.json")
    return [path.read_bytes() for path in sorted(paths, key=lambda path: (len(path.name), path.name))]


def _day_folder(lake: Lake, list_date: date) -> UPath:
    return lake.home / "raw/daily_papers" / list_date.strftime("%Y/%m/%d")


def _stamp(moment: datetime) -> str:
    return moment.strftime("%Y%m%dT%H%M%SZ")
