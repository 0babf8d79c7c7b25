"""Rows of ABSTRACTS: the best English abstract of each paper and where it came from.

arXiv keeps LaTeX; the Hub strips "$" and backslashes and leaves residue ("2times", "360^circ"), so
arXiv's text wins and the Hub's is the fallback, repaired only where the repair is certain. Answers are
matched by id, never by position: arXiv drops unknown and malformed ids silently. Called by
flows/enrich.py.
"""

import re
from datetime import UTC, datetime
from typing import Any

import polars as pl
from lxml import etree

from schemas.tables import ABSTRACTS, PAPER_ID_PATTERN
from transforms.text import plain

_NAMESPACES = {"a": "http://www.w3.org/2005/Atom", "arxiv": "http://arxiv.org/schemas/atom"}
_ENTRY_ID = re.compile(r"arxiv\.org/abs/(?P<id>[^/]+?)(?:v\d+)?$")
_COMMANDS = r"text(?:bf|it|tt|sc|rm|sf)?|emph|mathbf|mathrm|mathit|mathcal|underline"

# What the Hub's stripping leaves, where only one reading is possible.
_RESIDUE: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"(?<=\d)times\s?(?=\d)"), "×"),
    (re.compile(r"(?<=\d)times\b"), "×"),
    (re.compile(r"(?<=[A-Z])times(?=[A-Z])"), "×"),
    (re.compile(r"(?<=\d)\^\{?circ\}?(?![a-z])"), "°"),
    (re.compile(r"(?<![A-Za-z])geq\s?(?=\d)"), "≥ "),
    (re.compile(r"(?<![A-Za-z])leq\s?(?=\d)"), "≤ "),
    (re.compile(rf"(?<![A-Za-z\\])(?:{_COMMANDS})\{{([^{{}}]*)\}}"), r"\1"),
)


def hub_text_repaired(text: str) -> str:
    """The Hub's text with the LaTeX residue mended that has only one reading.

    >>> hub_text_repaired("2times faster at 512times512, texttt{D}ual, geq 90% sometimes")
    '2× faster at 512×512, Dual, ≥ 90% sometimes'
    """
    for pattern, mended in _RESIDUE:
        text = pattern.sub(mended, text)
    return text


class NotAtom(ValueError):
    """The body is not an Atom feed."""


def arxiv_abstracts(feed: bytes, wanted: set[str], fetched_at: datetime) -> pl.DataFrame:
    """ABSTRACTS rows for the wanted papers that the feed holds, sorted by paper_id.

    Entries for other ids, error entries and entries without title or abstract are left out: the paper then
    stays wanted. Both of arXiv's Atom layouts (before and after early 2026) are read.

    Raises:
        NotAtom: The body is not XML or not an Atom feed.
    """
    rows = {}
    for entry in _feed(feed).iterfind("a:entry", _NAMESPACES):
        match = _ENTRY_ID.search(_text(entry, "a:id"))
        is_wanted = match and match["id"] in wanted and re.fullmatch(PAPER_ID_PATTERN, match["id"])
        if match and is_wanted and _text(entry, "a:title") and _text(entry, "a:summary"):
            rows[match["id"]] = _row(entry, match["id"], fetched_at)
    return pl.DataFrame(list(rows.values()), schema=ABSTRACTS.empty().schema).sort("paper_id")


def _feed(body: bytes) -> Any:
    # No entities, no network, no huge trees: the body is untrusted.
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False, load_dtd=False)
    try:
        root = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise NotAtom(f"expected an Atom feed, got {body[:60]!r} ({error})") from error
    if etree.QName(root).localname != "feed":
        raise NotAtom(f"expected an Atom feed, got <{etree.QName(root).localname}>")
    return root


def _text(entry: Any, path: str) -> str:
    return plain(entry.findtext(path, default="", namespaces=_NAMESPACES))


def _row(entry: Any, paper_id: str, fetched_at: datetime) -> dict[str, Any]:
    names = (plain(name.text or "") for name in entry.iterfind("a:author/a:name", _NAMESPACES))
    terms = (plain(category.get("term", "")) for category in entry.iterfind("a:category", _NAMESPACES))
    primary = entry.find("arxiv:primary_category", _NAMESPACES)
    return {
        "paper_id": paper_id,
        "title": _text(entry, "a:title"),
        "abstract": _text(entry, "a:summary"),
        "abstract_source": "arxiv",
        "arxiv_authors": [name for name in names if name] or None,
        "arxiv_published_at": _moment(_text(entry, "a:published")),
        "categories": list(dict.fromkeys(term for term in terms if term)) or None,
        "primary_category": plain(primary.get("term", "")) or None if primary is not None else None,
        "fetched_at": fetched_at,
    }


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
        return moment.astimezone(UTC) if moment.tzinfo else None
    except (ValueError, OverflowError):
        return None


def hub_abstracts(papers: pl.DataFrame, fetched_at: datetime) -> pl.DataFrame:
    """ABSTRACTS rows from the Hub's own text, one per paper that has any, residue repaired."""
    rows = [
        {
            "paper_id": paper_id,
            "title": hub_text_repaired(title),
            "abstract": hub_text_repaired(text),
            "abstract_source": "huggingface",
            "fetched_at": fetched_at,
        }
        for paper_id, title, text in papers.drop_nulls("hub_abstract")
        .sort("list_date")
        .unique("paper_id", keep="last", maintain_order=True)
        .select("paper_id", "title", "hub_abstract")
        .iter_rows()
    ]
    return pl.DataFrame(rows, schema=ABSTRACTS.empty().schema).sort("paper_id")


def papers_without_arxiv(papers: pl.DataFrame, abstracts: pl.DataFrame) -> list[str]:
    """Ids of the papers for which arXiv has not answered yet, sorted."""
    answered = abstracts.filter(pl.col("abstract_source") == "arxiv")
    return papers.join(answered, on="paper_id", how="anti")["paper_id"].unique().sort().to_list()


def best_abstracts(known: pl.DataFrame, arxiv: pl.DataFrame, hub: pl.DataFrame) -> pl.DataFrame:
    """ABSTRACTS rows that are new or better than what is known, sorted by paper_id.

    arXiv's answer replaces the Hub's text; the Hub's text is taken for papers that have nothing yet, and
    replaces an older Hub text only when the words changed.
    """
    words = ["paper_id", "title", "abstract"]
    settled = pl.concat([known.filter(pl.col("abstract_source") == "arxiv"), arxiv]).select("paper_id")
    fallback = hub.join(settled, on="paper_id", how="anti").join(known, on=words, how="anti")
    return pl.concat([arxiv, fallback]).sort("paper_id")
