"""Settings from the environment, read once per run.

Standard names keep their owners' meaning (HF_TOKEN, HF_ENDPOINT, OPENAI_API_KEY, OPENAI_BASE_URL,
PREFECT_*); ours start with DAILY_PAPERS_. Secrets are SecretStr and go into request headers and nowhere
else: not into a log, a flow parameter, an artifact or a file.
"""

import os
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AliasChoices, BeforeValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from flows.errors import SettingsMissing
from transforms.prices import Prices, PricesUnusable, bundled_prices, parsed_prices

_PREFECT_TOML = Path(__file__).parents[1] / "prefect.toml"


_URL = r"^https?://\S+$"


def _standard(name: str, default: Any, pattern: str | None = None) -> Any:
    return Field(default, validation_alias=AliasChoices(name), pattern=pattern)


class Settings(BaseSettings):
    """Everything a run may be told from outside."""

    model_config = SettingsConfigDict(
        env_prefix="DAILY_PAPERS_", frozen=True, extra="ignore", env_ignore_empty=True
    )

    home: Annotated[str, BeforeValidator(str)] = Field("data", min_length=1)
    """The lake's folder, or its address on an S3-compatible store: s3://bucket/lake."""
    model: str = "gpt-6-luna"
    """Model name, as OPENAI_BASE_URL knows it."""
    judge_model: str | None = None
    """Model that looks for errors the gate cannot see, at the same address; unset means none."""
    content: Literal["abstract", "fulltext"] = "abstract"
    """What the sections may draw on: "abstract", or "fulltext" from the Hub's page of the paper."""
    full_text_tokens: int = Field(16_000, ge=500, le=200_000)
    """Most tokens of full text in a request."""
    temperature: float | None = Field(None, ge=0, le=2)
    """Sent with each request when set; some models refuse it."""
    reasoning_effort: str | None = None
    """Sent with each request when set: minimal, low, medium, high, as the model knows them."""
    max_output_tokens: int | None = Field(None, ge=500)
    """Sent as max_completion_tokens when set; an answer cut there is refused."""
    concurrency: int = Field(64, ge=1, le=1000)
    """Model calls under way at once."""
    model_timeout: float = Field(120.0, gt=0)
    """Seconds that one model call may take."""
    requests_per_minute: int | None = Field(None, ge=1)
    """Model calls a minute; unset means as many as the service allows."""
    tokens_per_minute: int | None = Field(None, ge=1)
    """Tokens a minute, prompts and answers together; unset means as many as the service allows."""
    structured: Literal["auto", "strict", "json_object", "prompt"] = "auto"
    """How the service is held to JSON: by a schema, by its JSON mode, or by the prompt; auto finds out."""
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
    publish_archived: bool = False
    """Put the archive's Korean on the Hub and into Git too; its licence (CC BY-NC-ND) is its own."""
    repo: str | None = Field(None, pattern=r"^[\w.-]+/[\w.-]+$")
    """Dataset on the Hub, ORG/NAME, to which `run` publishes at its end; unset means nowhere."""
    hub_timeout: float = Field(120.0, gt=0)
    """Seconds that one answer of the Hub may take while publishing."""
    prices: Path | None = None
    """TOML file of model prices in the form of transforms/prices.toml, whose models win."""
    monthly_budget: float | None = Field(None, ge=0, allow_inf_nan=False)
    """US dollars that answers may cost in a calendar month (UTC); unset means no limit."""
    alarm_url: SecretStr | None = None
    """Where `alarms` has messages sent, as apprise writes it; kept on Prefect's server from then on."""
    alarm_rejected: float = Field(0.1, ge=0, le=1)
    """Share of a run's translations whose refusal is an alarm."""
    alarm_cost: float | None = Field(None, ge=0, allow_inf_nan=False)
    """US dollars of one run above which it is an alarm; unset means never."""
    alarm_late: float = Field(7200.0, ge=10, le=7 * 24 * 3600)
    """Seconds that a daily run may be late before that is an alarm; read by `alarms`."""
    post_digest_url: SecretStr | None = None
    """Where the daily run posts the day's papers, as apprise writes it; unset means nowhere."""

    hf_endpoint: str = _standard("HF_ENDPOINT", "https://huggingface.co", _URL)
    """The Hub, as huggingface_hub defines it."""
    hf_token: SecretStr | None = _standard("HF_TOKEN", None)
    """Token for the Hub; public lists need none."""
    openai_api_key: SecretStr | None = _standard("OPENAI_API_KEY", None)
    """Key of the model's service."""
    openai_base_url: str | None = _standard("OPENAI_BASE_URL", None, _URL)
    """Address of any OpenAI-compatible service; OpenAI's own when unset."""

    def known_prices(self) -> Prices:
        """The bundled prices, with the models of DAILY_PAPERS_PRICES over them.

        Raises:
            SettingsMissing: That file cannot be read or is not in the form of transforms/prices.toml.
        """
        if self.prices is None:
            return bundled_prices()
        try:
            own = parsed_prices(self.prices.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, PricesUnusable) as error:
            raise SettingsMissing(
                f"DAILY_PAPERS_PRICES names {self.prices}, which cannot be used, so nothing was paid for: "
                f"{error}. Its form is that of transforms/prices.toml"
            ) from None
        return bundled_prices().overridden_by(own)

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
