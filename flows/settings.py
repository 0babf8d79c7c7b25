"""Settings from the environment, read once per run.

Standard names keep their owners' meaning (HF_TOKEN, HF_ENDPOINT, OPENAI_API_KEY, OPENAI_BASE_URL,
PREFECT_*); ours start with DAILY_PAPERS_. Secrets are SecretStr and go into request headers and nowhere
else: not into a log, a flow parameter, an artifact or a file.
"""

import os
import tomllib
from pathlib import Path
from typing import Any

from pydantic import AliasChoices, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from flows.errors import SettingsMissing

_PREFECT_TOML = Path(__file__).parents[1] / "prefect.toml"


_URL = r"^https?://\S+$"


def _standard(name: str, default: Any, pattern: str | None = None) -> Any:
    return Field(default, validation_alias=AliasChoices(name), pattern=pattern)


class Settings(BaseSettings):
    """Everything a run may be told from outside."""

    model_config = SettingsConfigDict(
        env_prefix="DAILY_PAPERS_", frozen=True, extra="ignore", env_ignore_empty=True
    )

    home: Path = Path("data")
    """The lake's folder."""
    model: str = "gpt-5-mini"
    """Model name, as OPENAI_BASE_URL knows it."""
    concurrency: int = Field(64, ge=1, le=1000)
    """Model calls under way at once."""
    model_timeout: float = Field(120.0, gt=0)
    """Seconds that one model call may take."""
    patience: float = Field(900.0, gt=0)
    """Seconds that one request may spend on retries before its service counts as unavailable."""
    retry_wait: float = Field(1.0, gt=0)
    """Seconds before the first retry of a request; doubles from there."""
    arxiv_url: str = Field("https://export.arxiv.org/api/query", pattern=_URL)
    """arXiv's query API."""
    arxiv_interval: float = Field(3.0, ge=0)
    """Seconds between arXiv requests; its terms of use ask for three."""
    refresh_days: int = Field(7, ge=0, le=60)
    """Days before the run's date whose lists are fetched again."""
    floor: float = Field(0.25, ge=0, le=1)
    """Share of the recent weekdays' median papers below which a day fails the run."""
    lock_wait: float = Field(600.0, ge=0)
    """Seconds to wait for another run that is writing the lake."""
    input_price: float | None = Field(None, ge=0)
    """US dollars per million input tokens; unset means that runs report tokens only."""
    output_price: float | None = Field(None, ge=0)
    """US dollars per million output tokens."""

    hf_endpoint: str = _standard("HF_ENDPOINT", "https://huggingface.co", _URL)
    """The Hub, as huggingface_hub defines it."""
    hf_token: SecretStr | None = _standard("HF_TOKEN", None)
    """Token for the Hub; public lists need none."""
    openai_api_key: SecretStr | None = _standard("OPENAI_API_KEY", None)
    """Key of the model's service."""
    openai_base_url: str | None = _standard("OPENAI_BASE_URL", None, _URL)
    """Address of any OpenAI-compatible service; OpenAI's own when unset."""

    def require_model_key(self) -> SecretStr:
        """The model's API key.

        Raises:
            SettingsMissing: OPENAI_API_KEY is not set.
        """
        if self.openai_api_key is None or not self.openai_api_key.get_secret_value().strip():
            raise SettingsMissing(
                "OPENAI_API_KEY is not set, so nothing was started. Set it to your key (any word for a "
                "self-hosted server, with OPENAI_BASE_URL), or try without one: daily-papers demo"
            )
        return self.openai_api_key


def load_settings() -> Settings:
    """Settings from the environment.

    Raises:
        SettingsMissing: A variable has a value that cannot be used; the message names it, not its value.
    """
    try:
        return Settings()
    except ValidationError as error:
        faults = "; ".join(f"{_variable(fault['loc'])}: {fault['msg']}" for fault in error.errors())
        raise SettingsMissing(f"Settings cannot be used, so nothing was started: {faults}") from None


def _variable(location: tuple[int | str, ...]) -> str:
    name = str(location[0])
    return name if name.isupper() else f"DAILY_PAPERS_{name.upper()}"


def apply_prefect_settings() -> None:
    """Put the project's prefect.toml into the environment where nothing is set yet.

    Prefect reads prefect.toml only from the current folder, and the console script runs anywhere. Must
    happen before prefect is imported.
    """

    def leaves(table: dict[str, Any], path: tuple[str, ...]) -> None:
        for key, value in table.items():
            if isinstance(value, dict):
                leaves(value, (*path, key))
            else:
                os.environ.setdefault("_".join(("PREFECT", *path, key)).upper(), str(value))

    leaves(tomllib.loads(_PREFECT_TOML.read_text(encoding="utf-8")), ())
    # The client's own analytics obey this and nothing in prefect.toml.
    os.environ.setdefault("DO_NOT_TRACK", "1")
