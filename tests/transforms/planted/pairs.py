"""Good pairs of English and Korean, by source, to plant faults in and to count false alarms on.

``own`` and ``sample`` are our own words and always here; ``asked`` is those without abstract_ko, the shape
of a summary that was asked for alone; ``bullets`` and ``sections`` are the predecessor's logs, which lie
beside the repository or nowhere: bullets written from abstracts that stored day lists still hold, and
sections written from the paper itself, where only structure can be judged.
"""

import json
import re
import tomllib
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from schemas.answer import English, Korean, Section
from schemas.tables import SECTIONS
from transforms.placeholders import protected, restored

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
DATA = ROOT.parent / "shared" / "data"
SAMPLE = ROOT / "flows" / "sandbox" / "sample"
FIRST_BULLETS, FIRST_SECTIONS = "2024-05-27", "2024-06-12"
_HEAD = re.compile(r"^### \[(?P<title>.*)\]\(https://arxiv\.org/abs/(?P<id>[\d.]+)\)$", re.MULTILINE)
_ENTRY = re.compile(r"^- (?:\*{2,3}(?P<section>[^*]+)\*{2,3}: )?(?P<text>.*)$", re.MULTILINE)


class Good(NamedTuple):
    """A pair without a fault that we know of."""

    source: str
    english: English
    korean: Korean
    neighbour: Korean
    """The Korean of another paper of the same source."""


@lru_cache(maxsize=1)
def good_pairs() -> dict[str, list[Good]]:
    """Every good pair, by source; a source that is not here is missing."""
    sources = {"own": _own(), "sample": _sample()}
    sources["asked"] = [_without_abstract(*pair) for pair in (*sources["own"], *sources["sample"])]
    if DATA.is_dir():
        sources["bullets"], sources["sections"] = _bullets(), _sections()
    return {name: _neighbours(name, pairs) for name, pairs in sources.items()}


def _neighbours(source: str, pairs: list[tuple[English, Korean]]) -> list[Good]:
    following = [*pairs[1:], pairs[0]]
    return [Good(source, *pair, other[1]) for pair, other in zip(pairs, following, strict=True)]


def _own() -> list[tuple[English, Korean]]:
    entries = tomllib.loads((HERE / "pairs.toml").read_text(encoding="utf-8"))["pair"]
    return [
        (
            English(f"own-{index}", entry["title"], entry["abstract"]),
            Korean(
                entry["title_ko"],
                entry["abstract_ko"],
                _named(entry["new"], entry["details"], entry["results"]),
            ),
        )
        for index, entry in enumerate(entries, 1)
    ]


def _sample() -> list[tuple[English, Korean]]:
    answers = json.loads((SAMPLE / "answers.json").read_bytes())
    papers = _stored(SAMPLE / "daily_papers", "*.json")
    # arXiv keeps the formulas that the day list lost; an answer's placeholders count them.
    for paper_id, entry in json.loads((SAMPLE / "arxiv.json").read_bytes()).items():
        papers[paper_id] = English(paper_id, entry["title"], entry["abstract"])
    return [(papers[paper_id], _answered(papers[paper_id], answer)) for paper_id, answer in answers.items()]


def _answered(english: English, answer: dict[str, str]) -> Korean:
    originals = protected(english.title, english.abstract or "").originals
    text = {name: restored(value, originals) for name, value in answer.items()}
    return Korean(
        text["title_ko"],
        text["abstract_ko"],
        _named(text["whats_new"], text["technical_details"], text["performance_highlights"]),
    )


def _named(*texts: str) -> list[Section]:
    return [Section(name, text) for name, text in zip(SECTIONS, texts, strict=True)]


def _without_abstract(english: English, korean: Korean) -> tuple[English, Korean]:
    return english, korean._replace(abstract_ko=None)


def _bullets() -> list[tuple[English, Korean]]:
    abstracts = _stored(DATA / "daily_papers", "2024-0*.json")
    return [
        (abstracts[paper_id], Korean(None, None, entries))
        for day, paper_id, _, entries in _logged()
        if FIRST_BULLETS <= day < FIRST_SECTIONS and paper_id in abstracts
    ]


def _sections() -> list[tuple[English, Korean]]:
    """Papers with the three sections; those with other keys are faulty already."""
    return [
        (English(paper_id, title, None), Korean(None, None, entries))
        for day, paper_id, title, entries in _logged()
        if day >= FIRST_SECTIONS and [entry.section for entry in entries] == list(SECTIONS)
    ]


def _stored(folder: Path, pattern: str) -> dict[str, English]:
    found = {}
    for path in sorted(folder.glob(pattern)):
        for paper in (entry["paper"] for entry in json.loads(path.read_bytes()) if isinstance(entry, dict)):
            title, abstract = (" ".join(paper[key].split()) for key in ("title", "summary"))
            found[paper["id"]] = English(paper["id"], title, abstract)
    return found


def _logged() -> Iterator[tuple[str, str, str, list[Section]]]:
    """Day, paper_id, title and summary of every paper in the logs of 2024."""
    for path in sorted((DATA / "archive" / "paper_logs" / "2024").glob("*/*.md")):
        day = f"2024-{path.parent.name}-{path.stem}"
        if day < FIRST_BULLETS:
            continue
        text = path.read_text(encoding="utf-8")
        heads = list(_HEAD.finditer(text))
        for head, follower in zip(heads, [*heads[1:], None], strict=True):
            body = text[head.end() : follower.start() if follower else len(text)]
            entries = [Section(match["section"], match["text"]) for match in _ENTRY.finditer(body)]
            yield day, head["id"], head["title"], entries
