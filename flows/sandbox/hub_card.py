"""What the Hub reads in a repository's README: its metadata, and the tags that it makes of it.

Called by flows/sandbox/hub_repos.py.
"""

import re
from typing import Any

import yaml

_FRONT_MATTER = re.compile(r"\A---\r?\n(.*?)^---\s*$", re.DOTALL | re.MULTILINE)
_PAPER = re.compile(r"(?:arxiv\.org/(?:abs|pdf)|huggingface\.co/papers)/(\d{4}\.\d{4,5})", re.ASCII)
_TAGGED = ("task_categories", "language", "license", "size_categories")


class CardInvalid(Exception):
    """The metadata cannot be read; says why."""


def metadata_of(card: str) -> dict[str, Any]:
    """The card's metadata; empty when it has none.

    Raises:
        CardInvalid: It is no YAML, or no mapping.
    """
    found = _FRONT_MATTER.match(card)
    if found is None:
        return {}
    try:
        metadata = yaml.safe_load(found[1])
    except yaml.YAMLError as error:
        raise CardInvalid(f"YAML: {error}") from None
    if metadata is None:
        return {}
    if not isinstance(metadata, dict):
        raise CardInvalid("The metadata must be a mapping")
    return metadata


def tags_of(card: str) -> list[str]:
    """The tags that the Hub gives the dataset: from its metadata, and one for each paper it links to."""
    try:
        metadata = metadata_of(card)
    except CardInvalid:
        metadata = {}
    named = [f"{key}:{value}" for key in _TAGGED for value in _listed(metadata.get(key))]
    papers = [f"arxiv:{paper_id}" for paper_id in dict.fromkeys(_PAPER.findall(card))]
    return [*named, *papers, "region:us", *map(str, _listed(metadata.get("tags")))]


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
