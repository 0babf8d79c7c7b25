"""What an answer costs in dollars: a dated file of prices per model, and a person's own over it.

A model without a price costs an unknown sum, never nothing: None travels up to whoever adds or prints. The
prices are data (prices.toml) with their date and source, since they change while code does not. Called by
flows/settings.py, which reads a person's file, and by whoever counts answers.
"""

import datetime
import re
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Annotated, Final, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from schemas.payloads import Usage

_MILLION: Final = 1e6
_DATE_SUFFIX: Final = re.compile(r"-[0-9]{4}-[0-9]{2}-[0-9]{2}$")

Dollars = Annotated[float, Field(strict=True, ge=0, allow_inf_nan=False)]


class PricesUnusable(ValueError):
    """A file of prices that cannot be read; the message says which model and which key."""


class Price(BaseModel):
    """One model's US dollars per million tokens."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    input: Dollars
    output: Dollars
    """Reasoning is part of output."""
    cached_input: Dollars | None = None
    """Input that was read from the service's prompt cache; None means as ``input``."""
    cache_write: Dollars | None = None
    """Input that was written to that cache; None means as ``input``."""
    batch_discount: Annotated[float, Field(strict=True, ge=0, le=1)] = 0.0
    """Share that the Batch API takes off."""

    def cost(self, input_tokens: int, cached_tokens: int, output_tokens: int, *, is_batch: bool) -> float:
        """US dollars for so many tokens, ``cached_tokens`` being a part of ``input_tokens``.

        Where writing to the cache has its own price, all input that was not read from it counts as written:
        an upper figure, a quarter of the fresh input too high at most.
        """
        cached = self.input if self.cached_input is None else self.cached_input
        fresh = max(self.input, self.cache_write or 0.0)
        dollars = (
            (input_tokens - cached_tokens) * fresh + cached_tokens * cached + output_tokens * self.output
        )
        return dollars / _MILLION * (1 - self.batch_discount if is_batch else 1)


class Prices(BaseModel):
    """Prices by model."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    date: datetime.date | None = None
    """Day on which the figures were looked up."""
    source: str | None = None
    """Where."""
    models: Mapping[str, Price]

    def price(self, model: str) -> Price | None:
        """The model's price; a dated name (gpt-5-mini-2025-08-07) without one has its base's."""
        return self.models.get(model) or self.models.get(_DATE_SUFFIX.sub("", model))

    def cost(self, model: str, usage: Usage, *, is_batch: bool) -> float | None:
        """US dollars of one answer; None when the model has no price or the service sent no counts."""
        price = self.price(model)
        if price is None or usage.prompt_tokens is None or usage.completion_tokens is None:
            return None
        tokens = (usage.input_tokens, usage.cached_tokens, usage.output_tokens)
        return price.cost(*tokens, is_batch=is_batch)

    def overridden_by(self, own: Self) -> Self:
        """These prices with the models of ``own`` in place of or beside them."""
        return self.model_copy(update={"models": {**self.models, **own.models}})


def parsed_prices(text: str) -> Prices:
    """The prices of a TOML file in the form of prices.toml.

    Raises:
        PricesUnusable: The text is not TOML, or a model lacks a key, has a strange one or no number.
    """
    try:
        return Prices.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise PricesUnusable(f"it is not TOML: {error}") from None
    except ValidationError as error:
        raise PricesUnusable("; ".join(_fault(fault["loc"], fault) for fault in error.errors())) from None


@cache
def bundled_prices() -> Prices:
    """The prices that come with the project."""
    return parsed_prices(files("transforms").joinpath("prices.toml").read_text(encoding="utf-8"))


def _fault(location: tuple[int | str, ...], fault: Mapping[str, object]) -> str:
    keys = [str(part) for part in location]
    where = f"model {keys[1]}" if keys[0] == "models" and len(keys) > 1 else ""
    key = keys[-1] if len(keys) != 2 or not where else ""
    expected = ", ".join(Price.model_fields if where else Prices.model_fields)
    said = f"no such key; expected {expected}" if fault["type"] == "extra_forbidden" else str(fault["msg"])
    return f"{', '.join(filter(None, [where, key and f'key {key}']))}: {said}"


PRICES_DATE: Final = bundled_prices().date
"""Day on which the bundled prices were looked up."""
