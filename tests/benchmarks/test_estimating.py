"""What a dry run says that a backfill will take, beside what it took: before and after it could learn."""

import json
import re
from pathlib import Path

import pytest
from proving_ground import COMMAND, Ground, Ratio, RunningSandbox, day_lists, show, started_sandbox

pytestmark = [pytest.mark.benchmark, pytest.mark.timeout(900)]

_WEEKS = (("2025-03-03", "2025-03-07"), ("2025-03-10", "2025-03-14"))
_FIELDS = ("answers", "input_tokens", "cached_tokens", "output_tokens", "cost_usd")
_PRICES = (
    '[models]\n"sandbox-pseudo" = { input = 0.25, cached_input = 0.025, output = 2.0, batch_discount = 0.5 }'
)


class Line:
    """Commands over one lake, at gpt-5-mini's prices."""

    def __init__(self, ground: Ground, sandbox: RunningSandbox) -> None:
        prices = ground.folder / "prices.toml"
        prices.write_text(_PRICES)
        wide = {"COLUMNS": "300", "DAILY_PAPERS_PRICES": str(prices)}
        self._ground = ground
        self._environment = ground.environment(sandbox, ground.folder / "lake") | wide

    def printed(self, *arguments: str) -> str:
        ended = self._ground.process([str(COMMAND), *arguments], self._environment)
        assert ended.code == 0, ended.printed
        return ended.printed

    def took(self) -> dict[str, float]:
        """Everything that was paid for so far."""
        rows = json.loads(self.printed("cost", "--format", "json"))
        return {name: sum(row[name] for row in rows) for name in _FIELDS}

    def estimate(self, since: str, until: str) -> dict[str, float]:
        said = self.printed("backfill", "--since", since, "--until", until, "--dry-run")
        found = [
            re.search(pattern, said)
            for pattern in (
                r"Answers +│ about ([\d,]+)",
                r"about ([\d,]+) in",
                r"\(([\d,]+) cached\)",
                r"cached\), ([\d,]+) out",
                r"asked live +│ about \$([\d,.]+)",
            )
        ]
        assert all(found), said
        numbers = (float(match[1].replace(",", "")) for match in found if match)
        return dict(zip(_FIELDS, numbers, strict=True))


def test_a_dry_run_says_about_what_a_backfill_takes(tmp_path: Path) -> None:
    ground = Ground(tmp_path, day_lists(tmp_path / "lists"))
    with started_sandbox(ground.lists) as sandbox:
        line = Line(ground, sandbox)
        before = dict.fromkeys(_FIELDS, 0.0)
        for (since, until), basis in zip(
            _WEEKS, ("assumed ratios", "ratios of the week before"), strict=True
        ):
            expected = line.estimate(since, until)
            line.printed("backfill", "--since", since, "--until", until)
            now = line.took()
            took = {name: now[name] - before[name] for name in _FIELDS}
            before = now
            assert took["answers"] > 100
            show(
                f"A week's backfill, estimated by {basis}",
                [
                    Ratio(
                        name,
                        f"{expected[name]:,.4g}",
                        f"{took[name]:,.4g}",
                        _ratio(expected[name], took[name]),
                    )
                    for name in _FIELDS
                ],
            )


def _ratio(expected: float, took: float) -> str:
    return f"{expected / took:.2f} x" if took else "-"
