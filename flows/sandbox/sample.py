"""The bundled sample: what arXiv and a model are recorded to say of its papers.

Both records are JSON files beside the day lists. A paper is recognised by its id and its title together,
since somebody's own day list may use the same id for another paper. Called by flows/sandbox/arxiv.py and
flows/sandbox/model.py.
"""

import json
import re
from functools import cached_property
from pathlib import Path
from typing import Any

from flows.sandbox.config import SAMPLE
from schemas.answer import TranslationAnswer
from transforms.placeholders import TOKEN, protected
from transforms.text import plain


class Sample:
    """The sample's recorded arXiv entries and Korean answers, by paper_id."""

    def __init__(self, folder: Path = SAMPLE) -> None:
        self._folder = folder

    @property
    def payloads(self) -> Path:
        """The folder of its day lists."""
        return self._folder / "daily_papers"

    @cached_property
    def entries(self) -> dict[str, dict[str, Any]]:
        """The arXiv record of each paper; a paper without one is not on arXiv yet."""
        return self._read("arxiv.json")

    @cached_property
    def _answers(self) -> dict[str, dict[str, Any]]:
        return self._read("answers.json")

    @cached_property
    def _titles(self) -> dict[str, set[str]]:
        titles = {paper_id: {same_title(entry["title"])} for paper_id, entry in self.entries.items()}
        for path in sorted(self.payloads.glob("*.json")):
            records = json.loads(path.read_bytes())
            for record in records if isinstance(records, list) else []:
                titles.setdefault(record["paper"]["id"], set()).add(same_title(record["paper"]["title"]))
        return titles

    def answer(self, paper_id: str, title: str) -> TranslationAnswer | None:
        """The recorded Korean; None for a paper that is not the sample's."""
        recorded = self._answers.get(paper_id)
        if recorded is None or same_title(title) not in self._titles.get(paper_id, ()):
            return None
        return TranslationAnswer.model_validate({**recorded, "paper_id": paper_id})

    def _read(self, name: str) -> dict[str, dict[str, Any]]:
        found: dict[str, dict[str, Any]] = json.loads((self._folder / name).read_bytes())
        return found


def same_title(title: str) -> str:
    """The title's letters and digits alone: equal for a title with its formulas and one with placeholders."""
    shown = protected(plain(title)).texts[0] if not TOKEN.search(title) else title
    return "".join(re.findall(r"\w+", TOKEN.sub("", shown))).casefold()
