"""arXiv's Atom API by id_list, in the format it has had since early 2026.

Entries come from the sample's record where the paper is the sample's, else from the day lists; a paper in
neither is silently absent, as it is at arXiv. Entries stand in another order than they were asked for,
because arXiv promises none. Called by flows/sandbox/app.py.
"""

import hashlib
import re
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from lxml import etree
from starlette.requests import Request

from flows.sandbox.daily_papers import PayloadStore
from flows.sandbox.fault_book import drawn
from flows.sandbox.faults import Call, Fault
from flows.sandbox.reply import Reply
from flows.sandbox.sample import Sample, same_title

ATOM = "http://www.w3.org/2005/Atom"
OPENSEARCH = "http://a9.com/-/spec/opensearch/1.1/"
ARXIV = "http://arxiv.org/schemas/atom"
CONTENT_TYPE = "application/atom+xml; charset=utf-8"
DEFAULT_RESULTS = 10
MOST_RESULTS = 2000
_ID = re.compile(r"(\d{4}\.\d{4,5}|[a-z-]+(?:\.[A-Z]{2})?/\d{7})(v\d+)?")
_CATEGORIES = ("cs.CL", "cs.CV", "cs.LG", "cs.AI", "cs.RO", "cs.SD")
# The None key makes Atom the default namespace; the stubs of lxml know only text keys.
_NAMESPACES: Any = {"opensearch": OPENSEARCH, "arxiv": ARXIV, None: ATOM}
_NOT_XML = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


class Arxiv:
    """``GET /api/query``."""

    def __init__(self, store: PayloadStore, sample: Sample, *, serves_sample: bool) -> None:
        self._store = store
        self._sample = sample
        self._serves_sample = serves_sample
        self._listed = lru_cache(maxsize=1)(self._read_listed)

    def call(self, request: Request, body: bytes) -> Call:
        """The request's id_list."""
        id_list = request.query_params.get("id_list", "")
        ids = frozenset(match[1] for match in map(_ID.fullmatch, _split(id_list)) if match)
        return Call("arxiv", id_list, paper_ids=ids)

    def refusal(self, request: Request) -> Reply | None:
        """Nothing: anyone may ask."""
        return None

    def reply(self, request: Request, body: bytes, fault: Fault | None) -> Reply:
        """The feed of the papers that were asked for and are known; 400 for what cannot be asked."""
        asked = request.query_params
        numbers: dict[str, int] = {}
        for name, default in (("start", 0), ("max_results", DEFAULT_RESULTS)):
            text = asked.get(name, str(default))
            if not re.fullmatch(r"\d{1,6}", text, re.ASCII):
                return _error(f"{name} must be a non-negative integer")
            numbers[name] = int(text)
        ids = _split(asked.get("id_list", ""))
        matches = [match for match in map(_ID.fullmatch, ids) if match]
        if ids and not matches:
            return _error(f"incorrect id format for {ids[0]}")
        versions = {match[1]: match[2] or "v1" for match in matches}
        found = [(key + version, entry) for key, version in versions.items() if (entry := self._entry(key))]
        start, most = numbers["start"], min(numbers["max_results"], MOST_RESULTS)
        page = found[start : start + most]
        return _feed(asked.get("id_list", ""), len(found), start, most, page[::-1])

    def _entry(self, paper_id: str) -> dict[str, Any] | None:
        recorded, listed = self._sample.entries.get(paper_id), self._papers().get(paper_id)
        if self._serves_sample or listed is None:
            return recorded
        if recorded and same_title(recorded["title"]) == same_title(listed["title"]):
            return recorded
        return listed

    def _papers(self) -> dict[str, dict[str, Any]]:
        stamps = tuple((stored.path, stored.path.stat().st_mtime_ns) for stored in self._store.lists())
        return self._listed(stamps)

    def _read_listed(self, stamps: tuple[object, ...]) -> dict[str, dict[str, Any]]:
        """Entries made from the day lists, newest fetch winning; read again when a file changes."""
        return {paper["id"]: _made_entry(paper) for paper in self._store.papers()}


def _split(id_list: str) -> list[str]:
    return [part for part in (piece.strip() for piece in id_list.split(",")) if part]


def _made_entry(paper: dict[str, Any]) -> dict[str, Any]:
    paper_id = paper["id"]
    place = int(drawn("category", paper_id) * len(_CATEGORIES))
    categories = [_CATEGORIES[place], *(["cs.AI"] if place % 2 and _CATEGORIES[place] != "cs.AI" else [])]
    names = [author.get("name") for author in paper.get("authors", []) if isinstance(author, dict)]
    return {
        "title": paper.get("title") or paper_id,
        "abstract": paper.get("summary") or "",
        "authors": [name for name in names if name],
        "published": paper.get("publishedAt") or f"20{paper_id[:2]}-{paper_id[2:4]}-01T00:00:00Z",
        "categories": categories,
        "primary_category": categories[0],
    }


def _feed(id_list: str, total: int, start: int, most: int, page: list[tuple[str, dict[str, Any]]]) -> Reply:
    query = f"search_query=&id_list={id_list}&start={start}&max_results={most}"
    name = hashlib.sha256(query.encode()).hexdigest()[:27]
    root = _root(f"https://arxiv.org/api/{name}", f"arXiv Query: {query}")
    _add(root, "link", href=f"https://arxiv.org/api/query?{query}", type="application/atom+xml")
    _totals(root, most, total, start)
    for versioned_id, entry in page:
        _add_entry(root, versioned_id, entry)
    return Reply(_bytes(root), CONTENT_TYPE)


def _error(message: str) -> Reply:
    root = _root("https://arxiv.org/", "arXiv Search Results")
    _totals(root, 1, 1, 0)
    address = f"https://arxiv.org/api/errors#{message.replace(' ', '_')}"
    entry = _add(root, "entry")
    _add(entry, "id", address)
    _add(entry, "title", "Error")
    _add(entry, "updated", _now())
    _add(entry, "link", href=address, rel="alternate", type="text/html")
    _add(entry, "summary", message)
    _add(_add(entry, "author"), "name", "arXiv api core")
    return Reply(_bytes(root), CONTENT_TYPE, 400)


def _root(address: str, title: str) -> etree._Element:
    root = etree.Element(f"{{{ATOM}}}feed", nsmap=_NAMESPACES)
    _add(root, "id", address)
    _add(root, "title", title)
    _add(root, "updated", _now())
    return root


def _totals(root: etree._Element, per_page: int, total: int, start: int) -> None:
    for name, value in (("itemsPerPage", per_page), ("totalResults", total), ("startIndex", start)):
        _add(root, name, str(value), namespace=OPENSEARCH)


def _add_entry(root: etree._Element, versioned_id: str, record: dict[str, Any]) -> None:
    published = _seconds(record["published"])
    entry = _add(root, "entry")
    _add(entry, "id", f"http://arxiv.org/abs/{versioned_id}")
    _add(entry, "title", record["title"])
    _add(entry, "updated", published)
    _add(entry, "link", href=f"https://arxiv.org/abs/{versioned_id}", rel="alternate", type="text/html")
    pdf = f"https://arxiv.org/pdf/{versioned_id}"
    _add(entry, "link", href=pdf, rel="related", type="application/pdf", title="pdf")
    _add(entry, "summary", record["abstract"])
    for category in record["categories"]:
        _add(entry, "category", term=category, scheme=ARXIV)
    _add(entry, "published", published)
    _add(entry, "primary_category", namespace=ARXIV, term=record["primary_category"])
    for author in record["authors"]:
        _add(_add(entry, "author"), "name", author)


def _add(
    parent: etree._Element, tag: str, text: str | None = None, *, namespace: str = ATOM, **attributes: str
) -> etree._Element:
    safe = {name: _NOT_XML.sub("", value) for name, value in attributes.items()}
    child = etree.SubElement(parent, f"{{{namespace}}}{tag}", safe)
    child.text = None if text is None else " ".join(_NOT_XML.sub("", text).split())
    return child


def _bytes(root: etree._Element) -> bytes:
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _seconds(text: str) -> str:
    return re.sub(r"\.\d+(?=Z$)", "", text)
