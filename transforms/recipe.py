"""The recipe of a translation: everything that makes one answer differ from another for the same English.

Its short hash names the folder of its answers and is part of the key of TRANSLATIONS, so answers of two
recipes never mix. Called by flows/translate.py.
"""

from typing import Any, Literal, NamedTuple

from transforms.glossary import GLOSSARY_VERSION
from transforms.judge import JUDGE_VERSION
from transforms.prompt import PROMPT_VERSION
from transforms.text import sha256_of

Content = Literal["abstract", "fulltext"]


class Recipe(NamedTuple):
    """What the model is asked with."""

    model: str
    content: Content = "abstract"
    """What the sections may draw on: title and abstract, or the paper's full text too."""
    full_text_tokens: int | None = None
    """Most tokens of full text; None with ``content="abstract"``."""
    parameters: tuple[tuple[str, Any], ...] = ()
    """Further fields of each request, sorted: (("temperature", 0.2),)."""
    judge_model: str | None = None
    """The second model that looks for errors the gate cannot see; None for none."""
    prompt_version: str = PROMPT_VERSION
    glossary_version: str = GLOSSARY_VERSION
    judge_version: str | None = None
    """Version of the judge's prompt; None without a judge."""

    @property
    def recipe_id(self) -> str:
        """Short hash of the recipe, for file names and the key."""
        return sha256_of(self._asdict())[:12]


def recipe_for(
    model: str,
    content: Content,
    full_text_tokens: int,
    parameters: dict[str, Any],
    judge_model: str | None,
) -> Recipe:
    """The recipe of these settings with today's prompt and glossary; what plays no part is left out of it."""
    return Recipe(
        model,
        content,
        full_text_tokens if content == "fulltext" else None,
        tuple(sorted(parameters.items())),
        judge_model,
        judge_version=JUDGE_VERSION if judge_model else None,
    )
