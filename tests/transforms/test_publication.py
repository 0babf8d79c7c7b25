"""What a publish commits, in which steps, and what it leaves alone."""

import hashlib
import subprocess
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.publication import (
    CARD,
    GONE,
    MOST_FILES,
    Plan,
    commit_title,
    content_hashes,
    is_ours,
    month_of,
    plan,
    settled_months,
)

MONTHS = [f"2025-{number:02d}" for number in range(1, 10)]
PATHS = [
    *(f"{folder}/{month}.parquet" for folder in ("data", "votes", "parallel") for month in MONTHS),
    *(f"paper_logs/2025/{month[-2:]}/{day:02d}.md" for month in MONTHS for day in range(1, 29)),
    "images/categories.png",
    CARD,
]
FILES = st.dictionaries(st.sampled_from(PATHS), st.sampled_from("abc"), max_size=300)


def hashed(files: dict[str, str]) -> dict[str, frozenset[str]]:
    return {path: frozenset({content}) for path, content in files.items()}


def applied(remote: dict[str, str], local: dict[str, str], found: Plan) -> dict[str, str]:
    after = dict(remote)
    for step in found.steps:
        after |= {path: local[path] for path in step.put}
        for path in step.delete:
            del after[path]
    return after


@given(FILES, FILES)
def test_all_steps_together_give_the_release_whatever_stood_there(
    local: dict[str, str], remote: dict[str, str]
) -> None:
    found = plan(hashed(local), remote, hashed(remote), {})
    assert found.edited == found.kept == {}
    local.pop(CARD, None)
    after = applied(remote, local, found)
    assert {path: content for path, content in after.items() if path != CARD} == local


@given(FILES, FILES)
def test_a_step_takes_whole_months_and_no_more_files_than_a_commit_should(
    local: dict[str, str], remote: dict[str, str]
) -> None:
    steps = plan(hashed(local), remote, hashed(remote), {}).steps
    months = [month for step in steps for month in step.months]
    assert months == sorted(set(months))
    for step in steps:
        assert {month_of(path) for path in [*step.put, *step.delete]} - {""} == set(step.months)
        assert len(step.put) + len(step.delete) < MOST_FILES


@given(FILES, FILES, FILES)
def test_an_edit_by_somebody_else_is_named_and_each_decision_is_followed(
    local: dict[str, str], known: dict[str, str], remote: dict[str, str]
) -> None:
    for path, content in remote.items():
        remote[path] = content if path in known and known[path] == content else f"{content}, edited"
    named = plan(hashed(local), remote, hashed(known), {}).edited
    expected = {
        path
        for path in {*local, *known, *remote}
        if remote.get(path) not in (known.get(path), local.get(path))
    }
    assert set(named) == expected
    ours = plan(hashed(local), remote, hashed(known), {}, "ours")
    theirs = plan(hashed(local), remote, hashed(known), {}, "theirs")
    assert set(theirs.kept) == expected
    local.pop(CARD, None)
    after = applied(remote, local, ours)
    assert {path: content for path, content in after.items() if path != CARD} == local
    kept = applied(remote, local, theirs)
    assert all(kept.get(path) == remote.get(path) for path in expected)
    assert all(kept.get(path) == local.get(path) for path in {*local, *remote} - expected - {CARD})


def test_what_was_kept_once_stays_until_it_changes_or_ours_is_asked_for() -> None:
    local, remote = hashed({"data/2025-01.parquet": "a"}), {"data/2025-01.parquet": "b"}
    kept = {"data/2025-01.parquet": ["b"]}
    assert plan(local, remote, local, kept) == Plan([], {}, {"data/2025-01.parquet": frozenset("b")})
    assert plan(local, remote, local, kept, "ours").steps[0].put == ["data/2025-01.parquet"]
    assert plan(local, {"data/2025-01.parquet": "c"}, local, kept).edited == {"data/2025-01.parquet": "c"}


def test_a_file_that_somebody_deleted_is_an_edit_too() -> None:
    known = hashed({"data/2025-01.parquet": "a"})
    assert plan(known, {}, known, {}).edited == {"data/2025-01.parquet": GONE}
    assert plan(known, {}, known, {}, "theirs").steps == []
    assert plan(known, {}, {}, {}).edited == {}


@pytest.mark.parametrize("path", ["notes.md", ".gitattributes", "other/README.md", "dataset/x.parquet"])
def test_other_peoples_paths_are_no_business_of_a_publish(path: str) -> None:
    assert not is_ours(path)
    assert plan({}, {path: "a"}, {}, {}, "ours") == Plan([], {}, {})


@pytest.mark.parametrize(
    ("path", "month"),
    [
        ("data/2026-03.parquet", "2026-03"),
        ("parallel/2026-03.parquet", "2026-03"),
        ("paper_logs/2026/03/05.md", "2026-03"),
        ("images/categories.png", ""),
        ("README.md", ""),
        ("data/extra.parquet", ""),
    ],
)
def test_the_month_of_a_file_is_in_its_name(path: str, month: str) -> None:
    assert month_of(path) == month


@given(st.binary(max_size=2000))
def test_content_is_known_by_its_sha256_and_by_its_blob_in_git(content: bytes) -> None:
    assert hashlib.sha256(content).hexdigest() in content_hashes(content)
    assert len(content_hashes(content)) == 2


def test_git_names_the_same_blob(tmp_path: Path) -> None:
    file = tmp_path / "x"
    file.write_bytes("한국어\n".encode())
    blob = subprocess.run(["git", "hash-object", file], capture_output=True, text=True, check=True)
    assert blob.stdout.strip() in content_hashes(file.read_bytes())


def test_a_month_is_settled_when_the_trailing_fetch_no_longer_reaches_it() -> None:
    months = ["2026-01", "2026-02", "2026-03"]
    assert settled_months(months, date(2026, 3, 7), 7) == ["2026-01"]
    assert settled_months(months, date(2026, 3, 8), 7) == ["2026-01", "2026-02"]
    assert settled_months(months, date(2026, 3, 1), 0) == ["2026-01", "2026-02"]


def test_titles_say_what_a_commit_brings() -> None:
    steps = plan(hashed({path: "a" for path in PATHS}), {}, {}, {}).steps
    titles = [
        commit_title(step, date(2025, 9, 28), number, len(steps)) for number, step in enumerate(steps, 1)
    ]
    assert titles[0] == f"Publish {steps[0].months[0]} to {steps[0].months[-1]} (1 of {len(steps)})"
    assert commit_title(steps[0], date(2025, 9, 28), 1, 1) == "Publish the lists up to 2025-09-28"
