"""A lake on an S3-compatible store: the same tables as on a disk, and several writers that lose nothing."""

import itertools
import json
import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal
from upath import UPath

from daylists import record, records
from flows import object_store
from flows.batch_folder import open_folders
from flows.errors import LakeBusy, LakeUnwritable, SettingsMissing
from flows.lease import Lease, leased
from flows.storage import Lake
from line import Line, timeless
from schemas.tables import PAPERS, TABLES
from tablerows import paper, papers


def on_store(line: Line, bucket: UPath) -> Line:
    line.lake = Lake(str(bucket))
    line.set(DAILY_PAPERS_HOME=str(bucket))
    return line


def fill(line: Line) -> None:
    line.day("2026-02-27", records(3, first=1, month="2602"))
    line.day("2026-03-02", [*records(3, first=1), record("2602.00001", votes=77)])


def sizeless(page: bytes) -> bytes:
    """A page without the sizes of files, which hang on how well the moments in them compress."""
    return re.sub(rb"(num_bytes|download_size|dataset_size): \d+", rb"\1", page)


def test_a_backfill_and_a_check_on_an_object_store_give_what_they_give_on_a_disk(
    line: Line, bucket: UPath
) -> None:
    fill(line)
    assert line.backfill("2026-02-27", "2026-03-02").code == 0
    on_disk = {table.name: timeless(line.table(table)) for table in TABLES}
    pages = {path: content for path, (_, content) in line.files().items() if path.endswith(".md")}
    on_store(line, bucket)
    line.faults()
    assert line.backfill("2026-02-27", "2026-03-02").code == 0
    assert set(line.calls().values()) == {1}
    for table in TABLES:
        assert_frame_equal(timeless(line.table(table)), on_disk[table.name])
    for path, content in pages.items():
        assert sizeless(line.lake.content(line.lake.home / path) or b"") == sizeless(content), path
    checked = line.command("check")
    assert checked.returncode == 0, checked.stdout + checked.stderr
    asked = line.command("sql", "SELECT count(*) AS n FROM release", "--format", "json")
    assert json.loads(asked.stdout) == [{"n": 7}]
    # A second time: nobody is asked, and no object is written.
    line.faults()
    before = versions(line.lake)
    assert line.backfill("2026-02-27", "2026-03-02").code == 0
    assert line.calls() == {}
    assert versions(line.lake) == before


def test_a_backfill_by_batch_on_an_object_store_pays_for_each_paper_once_and_leaves_no_batch_open(
    line: Line, bucket: UPath
) -> None:
    fill(on_store(line, bucket))
    assert line.backfill("2026-02-27", "2026-03-02", batch=True).code == 0
    assert line.release().height == 7
    assert line.calls() == {}
    assert open_folders(line.lake) == []
    for part in ("batches", "release", "2026-02", "2026-03"):
        lease = line.lake.content(line.lake.home / "leases" / f"{part}.json") or b"{}"
        assert json.loads(lease)["is_released"], part


def versions(lake: Lake) -> dict[str, str | None]:
    paths = {str(path): path for path in object_store.objects(lake.home)}
    return {name: object_store.version(path) for name, path in paths.items() if "/leases/" not in name}


def test_rows_that_eight_writers_merge_into_one_month_are_all_there(bucket: UPath) -> None:
    home = str(bucket)
    parts = [papers(*(paper(f"2403.{writer:02}{number:03}") for number in range(4))) for writer in range(8)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda part: Lake(home).upsert(PAPERS, part), parts))
    lake = Lake(home)
    kept = lake.read(PAPERS, lake.months(PAPERS))
    assert set(kept["paper_id"]) == set(pl.concat(parts)["paper_id"])


def test_a_part_is_held_by_one_and_the_other_is_told_by_whom(bucket: UPath) -> None:
    lake, said = Lake(str(bucket)), list[str]()
    with (
        leased(lake, "2024-06", "backfill 2024-06", 0, said.append),
        pytest.raises(LakeBusy, match=r"2024-06 of s3://.* is being written by backfill 2024-06 \(pid"),
        leased(lake, "2024-06", "another", 0.2, said.append),
    ):
        pass
    assert len(said) == 1
    with leased(lake, "2024-06", "another", 0, said.append) as lease:
        assert lease.is_held
    assert not said[1:]


def test_the_month_of_a_holder_that_died_is_taken_over_and_one_that_lives_is_waited_for(
    bucket: UPath,
) -> None:
    lake, life = Lake(str(bucket)), 1.0
    dead = Lease(lake, "2024-06", "killed", life)
    assert dead.taken() is None
    with leased(lake, "2024-06", "heir", 30, print, life=life) as heir:
        assert heir.is_held
        assert not dead.is_held
        # Three lives long: whoever waits does not get what is written again and again.
        with (
            pytest.raises(LakeBusy),
            leased(lake, "2024-06", "third", 3 * life, print, life=life),
        ):
            pass
        assert heir.is_held
    # The dead one comes back: it cannot write over its heir's lease.
    dead.keep()
    assert not dead.is_held


def test_many_who_want_one_part_have_it_one_after_another(bucket: UPath) -> None:
    home, inside, most = str(bucket), list[int](), itertools.count()
    at_once = threading.Semaphore(1)

    def work(_: int) -> None:
        with leased(Lake(home), "release", "publish", 60, lambda _: None, life=2):
            assert at_once.acquire(blocking=False), "two hold the release"
            time.sleep(0.05)
            inside.append(next(most))
            at_once.release()

    with ThreadPoolExecutor(5) as pool:
        list(pool.map(work, range(5)))
    assert len(inside) == 5


def test_a_run_that_lost_its_month_asks_the_model_for_nothing_more(line: Line, bucket: UPath) -> None:
    from flows.run import Run
    from flows.settings import load_settings

    on_store(line, bucket)
    run = Run(load_settings(), "a run")
    with run.holding("2024-06"):
        run.require_held()
        path = run.lake.home / "leases" / "2024-06.json"
        object_store.overwrite(path, b"{}")
        (lease,) = run._leases
        lease.keep()
        with pytest.raises(LakeBusy, match="no longer holds 2024-06"):
            run.require_held()
    run.require_held()


def test_a_holder_whose_write_was_done_but_never_answered_still_holds_its_month(bucket: UPath) -> None:
    lake = Lake(str(bucket))
    with leased(lake, "2024-06", "run one", 0, print, life=2) as lease:
        path = lake.home / "leases" / "2024-06.json"
        # What such a write leaves: the holder's own words in a version that it does not know.
        written = json.loads(object_store.content(path) or b"") | {"beat": 1000}
        object_store.overwrite(path, json.dumps(written).encode())
        time.sleep(3)
        assert lease.is_held
    assert json.loads(object_store.content(path) or b"")["is_released"]


def test_a_bucket_that_is_not_there_and_an_address_of_another_kind_are_named(
    bucket: UPath, tmp_path: Path
) -> None:
    with pytest.raises(SettingsMissing, match="expected a folder or s3://bucket/lake"):
        Lake("gs://bucket/lake")
    missing = Lake("s3://there-is-none/lake")
    with pytest.raises(LakeUnwritable, match="no bucket there-is-none"):
        missing.write_bytes(missing.home / "x", b"x")
    assert not object_store.is_shared(Lake(tmp_path).home)


@pytest.mark.parametrize(
    "command", [["check"], ["cost"], ["sql", "SELECT 1"], ["fix", "2401.00001", "--show"]]
)
def test_a_command_says_in_one_sentence_that_the_store_is_away(
    line: Line, monkeypatch: pytest.MonkeyPatch, away: UPath, command: list[str]
) -> None:
    monkeypatch.setenv("DAILY_PAPERS_HOME", str(away))
    ended = line.command(*command)
    assert ended.returncode == LakeUnwritable.exit_code
    assert f"The lake {away} did not answer or refused" in ended.stderr
    assert len(ended.stderr.splitlines()) == 1
