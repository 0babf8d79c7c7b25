"""Settings from the environment: defaults, names as people know them, secrets that stay secret."""

import ast
import inspect
import os
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import ValidationError

from flows.errors import SettingsMissing
from flows.settings import Settings, apply_prefect_settings, load_settings


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith(("DAILY_PAPERS_", "OPENAI_", "HF_ENDPOINT", "HF_TOKEN")):
            monkeypatch.delenv(name)


def test_an_empty_environment_gives_the_defaults_of_the_design() -> None:
    settings = load_settings()
    assert settings.home == "data"
    assert settings.refresh_days == 7
    assert settings.hf_endpoint == "https://huggingface.co"
    assert settings.arxiv_interval == 3.0
    assert (settings.openai_api_key, settings.openai_base_url, settings.hf_token) == (None, None, None)


def test_standard_names_are_read_as_their_owners_define_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_x")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:1/v1")
    monkeypatch.setenv("DAILY_PAPERS_HOME", "/tmp/lake")
    monkeypatch.setenv("DAILY_PAPERS_MODEL", "m")
    monkeypatch.setenv("DAILY_PAPERS_UNKNOWN", "is ignored")
    settings = load_settings()
    assert settings.hf_token is not None
    assert settings.hf_token.get_secret_value() == "hf_x"
    assert settings.openai_base_url == "http://127.0.0.1:1/v1"
    assert (settings.home, settings.model) == ("/tmp/lake", "m")


@pytest.mark.parametrize("name", ["DAILY_PAPERS_HF_TOKEN", "DAILY_PAPERS_OPENAI_API_KEY", "HOME", "MODEL"])
def test_a_variable_of_another_name_is_not_ours(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "strange")
    assert "strange" not in {str(value) for value in dict(load_settings()).values()}


@pytest.mark.parametrize(
    "name",
    ["DAILY_PAPERS_HOME", "DAILY_PAPERS_CONCURRENCY", "HF_ENDPOINT", "OPENAI_BASE_URL", "OPENAI_API_KEY"],
)
def test_an_empty_variable_is_an_unset_one(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = load_settings()
    monkeypatch.setenv(name, "")
    assert load_settings() == expected


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DAILY_PAPERS_CONCURRENCY", "0"),
        ("DAILY_PAPERS_CONCURRENCY", "many"),
        ("DAILY_PAPERS_FLOOR", "1.5"),
        ("DAILY_PAPERS_REFRESH_DAYS", "-1"),
        ("DAILY_PAPERS_PATIENCE", "0"),
        ("DAILY_PAPERS_MONTHLY_BUDGET", "-0.1"),
        ("DAILY_PAPERS_ARXIV_URL", "export.arxiv.org"),
        ("HF_ENDPOINT", "huggingface.co"),
        ("OPENAI_BASE_URL", "localhost:8000/v1"),
    ],
)
def test_an_unusable_value_is_named_by_its_variable(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsMissing) as caught:
        load_settings()
    assert str(caught.value).startswith(f"Settings cannot be used, so nothing was started: {name}: ")
    assert caught.value.exit_code == 2


def test_every_unusable_value_is_named_at_once_and_none_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAILY_PAPERS_CONCURRENCY", "sk-pasted-wrongly")
    monkeypatch.setenv("HF_ENDPOINT", "sk-pasted-wrongly")
    with pytest.raises(SettingsMissing) as caught:
        load_settings()
    for expected in ("DAILY_PAPERS_CONCURRENCY: ", "; HF_ENDPOINT: "):
        assert expected in str(caught.value)
    assert "pasted" not in str(caught.value)


def test_secrets_are_not_in_what_is_printed_or_stored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    settings = load_settings()
    for shown in (repr(settings), str(settings), settings.model_dump_json(), str(settings.model_dump())):
        assert "secret" not in shown


@pytest.mark.parametrize("key", [None, "", "  \n"])
def test_a_missing_key_says_which_variable_and_what_to_do(
    key: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    if key is not None:
        monkeypatch.setenv("OPENAI_API_KEY", key)
    with pytest.raises(SettingsMissing, match=r"OPENAI_API_KEY is not set.*daily-papers demo"):
        load_settings().require_model_key()


def test_settings_cannot_be_changed_after_they_are_read() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        load_settings().model = "other"  # type: ignore[misc]


def undocumented() -> list[str]:
    """Fields of Settings that no string literal follows."""
    (body,) = [
        node.body
        for node in ast.parse(inspect.getsource(sys.modules["flows.settings"])).body
        if isinstance(node, ast.ClassDef) and node.name == "Settings"
    ]
    fields = {}
    for node, after in zip(body, [*body[1:], None], strict=True):
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            says = isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant)
            fields[node.target.id] = says and str(after.value.value).endswith(".")  # type: ignore[union-attr]
    assert set(fields) == set(Settings.model_fields)
    return [name for name, says in fields.items() if not says]


def test_every_setting_says_what_it_is() -> None:
    assert undocumented() == []


# Prefect's own -----------------------------------------------------------------------------------


def test_prefects_settings_are_put_where_nothing_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PREFECT_SERVER_ANALYTICS_ENABLED", raising=False)
    monkeypatch.delenv("DO_NOT_TRACK", raising=False)
    monkeypatch.setenv("PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS", "7")
    apply_prefect_settings()
    assert os.environ["PREFECT_SERVER_ANALYTICS_ENABLED"] == "False"
    assert os.environ["DO_NOT_TRACK"] == "1"
    assert os.environ["PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS"] == "7"


def test_prefect_reads_every_one_of_them_from_any_folder(tmp_path: Path) -> None:
    """Each name in prefect.toml is one that Prefect knows: a misspelt one would be ignored in silence."""
    script = (
        "from flows.settings import apply_prefect_settings, _PREFECT_TOML; apply_prefect_settings()\n"
        "import tomllib\n"
        "from prefect.settings import get_current_settings\n"
        "def check(told, got):\n"
        "    for key, value in told.items():\n"
        "        if isinstance(value, dict): check(value, getattr(got, key))\n"
        "        else: assert getattr(got, key) == getattr(type(got)(**{key: value}), key), (key, value)\n"
        "check(tomllib.loads(_PREFECT_TOML.read_text()), get_current_settings())\n"
    )
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    ended = subprocess.run(
        [sys.executable, "-c", script],
        cwd=tmp_path,
        env=clean | {"PREFECT_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
