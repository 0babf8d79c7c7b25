"""What a commit of the digest may touch and what it says, over every way a file can stand there."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.digest_commit import (
    MANIFEST,
    Found,
    ManifestBroken,
    Plan,
    commit_message,
    manifest_text,
    parsed_manifest,
    plan,
)

LOG = "paper_logs/2026/03/05.md"
BLOB, OTHER_BLOB, MANIFEST_BLOB = "a" * 40, "b" * 40, "c" * 40
paths = st.from_regex(
    r"(README\.md|feed\.xml|images/[a-z]{1,9}\.svg|paper_logs/\d{4}/\d\d/\d\d\.md)", fullmatch=True
)


def steps(
    on_disk: str | None, committed: str | None, manifest: str | None, *unfinished: str, wanted: str = "new"
) -> Plan:
    """The plan for one log; hashes as words."""
    found = Found(
        {LOG: on_disk} if on_disk else {},
        {MANIFEST: MANIFEST_BLOB} | ({LOG: committed} if committed else {}),
        {LOG: manifest} if manifest else {},
        unfinished,
    )
    return plan({LOG: wanted}, found)


def test_a_file_that_nobody_has_is_written() -> None:
    assert steps(None, None, None) == Plan([LOG], [], [])


def test_a_file_as_it_was_written_is_written_anew() -> None:
    assert steps("old", BLOB, BLOB) == Plan([LOG], [], [])


def test_a_file_that_is_what_is_wanted_is_in_nobodys_way() -> None:
    for committed in (None, BLOB, OTHER_BLOB):
        for manifest in (None, BLOB):
            assert steps("new", committed, manifest) == Plan([], [], [])


@pytest.mark.parametrize("committed", [OTHER_BLOB, None])
def test_a_file_of_ours_that_somebody_committed_or_deleted_is_named(committed: str | None) -> None:
    assert steps("old" if committed else None, committed, BLOB) == Plan([LOG], [LOG], [])


@pytest.mark.parametrize("committed", [OTHER_BLOB, None])
def test_a_file_that_was_there_before_us_is_named(committed: str | None) -> None:
    assert steps("theirs", committed, None) == Plan([LOG], [], [LOG])


@pytest.mark.parametrize("manifest", [BLOB, None])
def test_what_a_killed_run_wrote_is_overwritten_and_an_edit_of_it_is_not(manifest: str | None) -> None:
    assert steps("half", None, manifest, "half") == Plan([LOG], [], [])
    assert steps("edited", None, manifest, "half") != Plan([LOG], [], [])


def test_a_file_in_the_manifests_place_is_in_the_way() -> None:
    assert plan({}, Found({MANIFEST: "theirs"}, {}, {}, ())) == Plan([], [], [MANIFEST])
    assert plan({}, Found({MANIFEST: "ours"}, {}, {}, ["ours"])) == Plan([], [], [])


def test_what_the_release_no_longer_has_is_left_alone() -> None:
    assert plan({}, Found({LOG: "old"}, {LOG: BLOB}, {LOG: BLOB}, ())) == Plan([], [], [])


@given(st.dictionaries(paths, st.sampled_from([BLOB, OTHER_BLOB, "0" * 64])))
def test_a_manifest_reads_back(blobs: dict[str, str]) -> None:
    text = manifest_text(blobs)
    assert parsed_manifest(text) == blobs
    assert text == manifest_text(dict(reversed(blobs.items())))


@pytest.mark.parametrize(
    "line",
    ["", "<<<<<<< HEAD", f"{BLOB} README.md", "a  README.md", f"{BLOB}  ", f"{BLOB.upper()}  README.md"],
)
def test_a_line_that_is_none_is_named(line: str) -> None:
    with pytest.raises(ManifestBroken, match="line 2: "):
        parsed_manifest(f"{BLOB}  README.md\n{line}\n")


@given(st.lists(paths, unique=True))
def test_a_message_is_one_short_line_and_every_day_by_month(written: list[str]) -> None:
    subject, body = commit_message([*written, MANIFEST])
    assert re.fullmatch(r"Daily papers[ \w.,:/()\-]*", subject)
    assert len(subject) < 200
    days = {path[11:-3] for path in written if path.startswith("paper_logs/")}
    named = {
        f"{month.replace('-', '/')}/{day}"
        for month, of_month in re.findall(r"^(\d{4}-\d\d): ([\d, ]+)$", body, re.MULTILINE)
        for day in of_month.split(", ")
    }
    if len(days) > 1:
        assert named == days
        assert f"({len(days)} days)" in subject
    else:
        assert body == ""
        assert all(day.replace("/", "-") in subject for day in days)


def test_a_message_without_a_day_names_its_files() -> None:
    assert commit_message(["feed.xml", "README.md", MANIFEST]) == ("Daily papers: README.md, feed.xml", "")
    assert commit_message([MANIFEST]) == (f"Daily papers: {MANIFEST}", "")
    many = [f"images/{letter}.svg" for letter in "abcdefg"]
    assert commit_message(many)[0].endswith("images/e.svg and 2 more")
