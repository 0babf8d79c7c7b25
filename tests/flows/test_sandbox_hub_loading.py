"""Loading from the Hub stand-in: downloads, ranges, and what datasets and Polars see of a release."""

import json
import os
import random
import subprocess
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import httpx2
import polars as pl
import pytest
from huggingface_hub import HfFileSystem
from huggingface_hub.errors import HfHubHTTPError
from hypothesis import given
from hypothesis import strategies as st

from flows.sandbox.server import Sandbox
from hubs import Hub

CARD = b"""---
language: ko
configs:
- config_name: papers
  default: true
  data_files: [{split: train, path: data/*.parquet}]
- config_name: votes
  data_files: [{split: train, path: votes/*.parquet}]
---
# Papers
"""
LOADS = """
import json, sys
import datasets
repo, revision = sys.argv[1:]
papers = datasets.load_dataset(repo)["train"]
votes = datasets.load_dataset(repo, "votes", split="train")
streamed = datasets.load_dataset(repo, split="train", streaming=True)
first = datasets.load_dataset(repo, split="train", revision=revision)
print(json.dumps({
    "papers": papers["title_ko"][:],
    "votes": votes["votes"][:],
    "streamed": [row["title_ko"] for row in streamed],
    "first": first["title_ko"][:],
}))
"""


def parquet(**columns: list[object]) -> bytes:
    buffer = BytesIO()
    pl.DataFrame(columns).write_parquet(buffer)
    return buffer.getvalue()


def month(number: int) -> bytes:
    return parquet(
        paper_id=[f"26{number:02}.{row:05}" for row in range(30)],
        title_ko=[f"논문 {number}월 {row}" for row in range(30)],
    )


RELEASE: dict[str, bytes | None] = {
    "README.md": CARD,
    "paper_logs/2026/09/01.md": b"# log\n",
    "data/2026-08.parquet": month(8),
    "data/2026-09.parquet": month(9),
    "votes/2026-09.parquet": parquet(votes=list(range(7))),
}
BYTES = random.Random(5).randbytes(5000)
PLACES = {"small.md": bytes(range(32, 127)) * 20, "large.parquet": BYTES}


@pytest.fixture(scope="module")
def server() -> Iterator[Sandbox]:
    """A sandbox with a release of two months, the second of which came with a second commit."""
    with Sandbox() as sandbox, pytest.MonkeyPatch.context() as patch:
        hub = Hub(sandbox, patch)
        hub.create()
        hub.edit({path: content for path, content in RELEASE.items() if path != "data/2026-09.parquet"})
        hub.repo.tags.set("2026-08", hub.commits()[0].oid)
        hub.edit(RELEASE)
        hub.store.create("sandbox/ranges", is_private=False).edit(PLACES)
        yield sandbox


@pytest.fixture
def hub(server: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Hub:
    """The Hub that holds the release, nothing asked of it yet."""
    hub = Hub(server, monkeypatch)
    hub.forget()
    return hub


def url(hub: Hub, path: str, revision: str = "main") -> str:
    return f"{hub.url}/datasets/{hub.repo_id}/resolve/{revision}/{path}"


@pytest.mark.parametrize("path", ["README.md", "data/2026-09.parquet"])
def test_a_download_is_the_file_and_its_second_is_from_the_cache(hub: Hub, tmp_path: Path, path: str) -> None:
    def download() -> Path:
        return Path(hub.api.hf_hub_download(hub.repo_id, path, repo_type="dataset", cache_dir=tmp_path))

    assert download().read_bytes() == RELEASE[path]
    hub.forget()
    assert download().read_bytes() == RELEASE[path]
    assert {entry["method"] for entry in hub.requests()} == {"HEAD"}


def test_a_large_file_comes_from_another_host_that_gets_no_token(hub: Hub, tmp_path: Path) -> None:
    hub.api.hf_hub_download(hub.repo_id, "data/2026-08.parquet", repo_type="dataset", cache_dir=tmp_path)
    came = {entry["key"]: (entry["status"], entry["authorized"]) for entry in hub.requests()}
    assert came == {"resolve": (302, True), "cdn": (200, False)}


def test_a_snapshot_is_every_file(hub: Hub, tmp_path: Path) -> None:
    folder = Path(hub.api.snapshot_download(hub.repo_id, repo_type="dataset", local_dir=tmp_path / "all"))
    found = {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and ".cache" not in path.parts
    }
    assert found == hub.files()


def test_a_file_that_is_not_there_is_an_error_at_every_revision(hub: Hub) -> None:
    for revision in ("main", "2026-08", hub.commits()[0].oid):
        with pytest.raises(HfHubHTTPError) as error:
            hub.api.hf_hub_download(hub.repo_id, "none.md", revision=revision, repo_type="dataset")
        assert error.value.response.headers["x-error-code"] == "EntryNotFound"
    with pytest.raises(HfHubHTTPError):
        hub.api.hf_hub_download(hub.repo_id, "README.md", revision="2025-01", repo_type="dataset")


@given(
    path=st.sampled_from(sorted(PLACES)),
    start=st.integers(0, 5100) | st.none(),
    end=st.integers(0, 5100) | st.none(),
)
def test_a_range_is_that_part_of_the_file(
    server: Sandbox, path: str, start: int | None, end: int | None
) -> None:
    content = PLACES[path]
    wanted = f"bytes={'' if start is None else start}-{'' if end is None else end}"
    at = f"{server.url}/datasets/sandbox/ranges/resolve/main/{path}"
    answer = httpx2.get(at, headers={"range": wanted}, follow_redirects=True)
    if start is None and end is None:
        assert (answer.status_code, answer.content) == (200, content)
        return
    part = content[start : None if end is None else end + 1] if start is not None else content[-(end or 0) :]
    if start is None and not end:
        part = b""
    assert answer.content == part
    assert answer.status_code == (206 if part else 416)


def test_polars_reads_over_http_and_asks_for_parts_only(hub: Hub) -> None:
    scanned = pl.scan_parquet(url(hub, "data/2026-09.parquet")).select("title_ko").collect()
    assert scanned["title_ko"].to_list() == [f"논문 9월 {row}" for row in range(30)]
    assert pl.read_parquet(url(hub, "votes/2026-09.parquet"))["votes"].sum() == 21
    assert {entry["status"] for entry in hub.requests() if entry["key"] == "cdn"} == {206}
    both = [url(hub, f"data/2026-{number}.parquet") for number in ("08", "09")]
    assert pl.scan_parquet(both).select(pl.len()).collect().item() == 60


def test_the_hubs_file_system_lists_and_reads(hub: Hub) -> None:
    files = HfFileSystem(endpoint=hub.url, token="hf_sandbox", skip_instance_cache=True)
    root = f"datasets/{hub.repo_id}"
    assert files.glob(f"{root}/data/*.parquet") == [
        f"{root}/data/2026-{month}.parquet" for month in ("08", "09")
    ]
    with files.open(f"{root}/votes/2026-09.parquet") as file:
        assert pl.read_parquet(file)["votes"].len() == 7


def test_datasets_loads_each_config_whole_streamed_and_at_a_tag(hub: Hub, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOADS, hub.repo_id, "2026-08"],
        env={**os.environ, **hub.environment, "HF_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    titles = {number: [f"논문 {number}월 {row}" for row in range(30)] for number in (8, 9)}
    assert json.loads(done.stdout) == {
        "papers": titles[8] + titles[9],
        "votes": list(range(7)),
        "streamed": titles[8] + titles[9],
        "first": titles[8],
    }
