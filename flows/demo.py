"""The demo: the daily flow over a bundled sample, against the loopback sandbox, whose Hub it publishes to.

The same flow, clients and lake as in production; only the addresses differ. Run by ``daily-papers demo``.
"""

import json
import os
import subprocess
import sys
import tempfile
from datetime import date
from pathlib import Path

import polars as pl

from flows.console import console, run_to_end
from flows.sandbox.config import SandboxConfig
from flows.sandbox.server import Sandbox

SAMPLE_DAY = date(2026, 3, 5)
SAMPLE_DAYS_BEFORE = 2
REPO = "sandbox/daily-papers-ko"

_QUERY = """
SELECT list_date, upvotes, title_ko
FROM release
WHERE translation_status = 'ok'
ORDER BY upvotes DESC
LIMIT 5
"""


# What a researcher types, in a process that has read nothing but the address of the Hub.
_LOAD = """
import datasets, json, sys
# Its address is on the Hub's own domain and nowhere else.
datasets.config.USE_PARQUET_EXPORT = False
papers = datasets.load_dataset(sys.argv[1], split="train")
print(json.dumps([papers.num_rows, papers.num_columns]))
"""


def demo(home: Path) -> int:
    """Run the demo into ``home`` and show what it made; the run's exit code."""
    with Sandbox(SandboxConfig(hub=home.absolute() / "hub")) as sandbox:
        os.environ.update(sandbox.environment())
        os.environ.update(DAILY_PAPERS_HOME=str(home), DAILY_PAPERS_REPO=REPO, HF_HUB_OFFLINE="0")
        # Imported here: the flow's modules must see the sandbox's environment.
        from flows.daily import daily

        one_shot = daily.with_options(retries=0)
        code = run_to_end(lambda: one_shot(SAMPLE_DAY, SAMPLE_DAYS_BEFORE), "daily-papers demo")
        if code == 0:
            show_loaded(home)
    show_release(home)
    return code


def show_loaded(home: Path) -> None:
    """Load the dataset from the sandbox's Hub over HTTP, as anybody would, and print what came."""
    with tempfile.TemporaryDirectory() as cache:
        loaded = subprocess.run(
            [sys.executable, "-c", _LOAD, REPO],
            env={**os.environ, "HF_HOME": cache, "HF_DATASETS_DISABLE_PROGRESS_BARS": "1"},
            capture_output=True,
            text=True,
            check=True,
        )
    rows, columns = json.loads(loaded.stdout.splitlines()[-1])
    console.print(
        f"\nLoaded over HTTP: load_dataset({REPO!r}, split='train') gave {rows} rows of {columns} columns. "
        f"The sandbox keeps its Hub in {home.absolute() / 'hub'}.",
        markup=False,
    )


def show_release(home: Path) -> None:
    """Print where the release is and a query over it."""
    release = home.absolute() / "release"
    data = release / "dataset/data/*.parquet"
    with pl.Config(tbl_hide_column_data_types=True, tbl_hide_dataframe_shape=True, fmt_str_lengths=60):
        answer = pl.SQLContext(release=pl.scan_parquet(data)).execute(_QUERY, eager=True)
        console.print(f"\nTop five by votes, asked with Polars SQL over {data}:\n{answer}", markup=False)
    console.print(
        f"\nDataset  {release / 'dataset'}   load_dataset({str(release / 'dataset')!r})\n"
        f"Card     {release / 'dataset/README.md'}\n"
        f"Digest   {release / 'digest/README.md'} and paper_logs/\n"
        "The Korean is a recorded sample. Run it again: nothing is new, so no model call is made.",
        markup=False,
    )
