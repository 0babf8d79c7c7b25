"""``daily-papers check --answers``: good lines, bad lines and everything that a file of lines can be."""

import json
import os
import re
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from flows import check_answers
from flows.cli import app
from flows.sandbox.sample import Sample
from line import COMMAND, wide
from schemas.answer import English, Korean, Section
from schemas.tables import SECTIONS
from transforms import answers, judge, pairs, quality
from transforms.pairs import judged_line
from transforms.placeholders import restored
from transforms.prompt import source_of
from transforms.quality import issues

GOOD: dict[str, Any] = {
    "paper_id": "2603.00001",
    "title": "Lamps That Read at Night",
    "abstract": "We read lamps at night in 4 steps. Our method reaches 51.5% on Glow without any new data.",
    "title_ko": "밤에 읽는 램프",
    "abstract_ko": "밤에 램프를 4단계로 읽습니다. 제안한 방법은 새 데이터 없이 Glow에서 51.5%에 이릅니다.",
    "summary_ko": [{"section": None, "text": "이 논문은 밤에 램프를 4단계로 읽는 방법을 제안합니다."}],
}
FAULTY = {**GOOD, "summary_ko": [{"section": None, "text": "이 방법은 Glow에서 정확도 77.7%에 이릅니다."}]}
WARNED = {
    **GOOD,
    "abstract": f"{GOOD['abstract']} See https://example.org/glow.",
    "abstract_ko": None,
    "summary_ko": [
        {"section": None, "text": "밤에 램프를 4단계로 읽으며, https://example.org/glow에 있습니다."}
    ],
}


def spelt(pair: Any) -> bytes:
    return json.dumps(pair, ensure_ascii=False).encode()


class Checked:
    def __init__(self, folder: Path, content: bytes, *arguments: str) -> None:
        self.file = folder / "pairs.jsonl"
        self.file.write_bytes(content)
        self.out = folder / "judged.jsonl"
        ended = CliRunner().invoke(app, ["check", "--answers", str(self.file), *arguments])
        self.code, self.stdout, self.stderr = ended.exit_code, ended.stdout, ended.stderr
        written = self.out.read_text(encoding="utf-8") if "--out" in arguments else ended.stdout
        self.lines = [json.loads(line) for line in written.split("\n")[:-1]] if self.code < 2 else []

    def codes(self) -> list[list[str]]:
        return [[issue["code"] for issue in line["issues"]] for line in self.lines]


def check(folder: Path, *lines: bytes, out: bool = False) -> Checked:
    arguments = ["--out", str(folder / "judged.jsonl")] if out else []
    return Checked(folder, b"".join(line + b"\n" for line in lines), *arguments)


def test_a_good_pair_comes_out_as_it_is_with_no_issue(tmp_path: Path) -> None:
    checked = check(tmp_path, spelt(GOOD))
    assert checked.lines == [{**GOOD, "issues": []}]
    assert list(checked.lines[0]) == [*GOOD, "issues"]
    assert checked.code == 0


def test_a_faulty_pair_comes_out_with_the_gates_issues(tmp_path: Path) -> None:
    checked = check(tmp_path, spelt(GOOD), spelt(FAULTY))
    [section] = FAULTY["summary_ko"]
    english = English("2603.00001", GOOD["title"], GOOD["abstract"])
    korean = Korean(GOOD["title_ko"], GOOD["abstract_ko"], [Section(**section)])
    expected = [issue._asdict() for issue in issues(english, korean)]
    assert checked.lines == [{**GOOD, "issues": []}, {**FAULTY, "issues": expected}]
    assert expected
    assert set(expected[0]) == {"code", "severity", "field", "message"}
    assert checked.code == 1


def test_a_warning_alone_is_no_fault(tmp_path: Path) -> None:
    checked = check(tmp_path, spelt(WARNED))
    assert checked.codes() == [["link_glued"]]
    assert checked.code == 0


def test_what_is_null_was_not_asked_for(tmp_path: Path) -> None:
    given = {**GOOD, "title_ko": None, "abstract_ko": None}
    assert check(tmp_path, spelt(given)).codes() == [[]]
    nothing = {**GOOD, "abstract": None, "title_ko": None, "abstract_ko": None, "summary_ko": None}
    assert check(tmp_path, spelt(nothing)).codes() == [[]]


def test_every_recorded_answer_of_the_sample_is_judged_as_the_translator_judges_it(tmp_path: Path) -> None:
    sample, lines, expected = Sample(), [], []
    for paper_id, entry in sample.entries.items():
        if answer := sample.answer(paper_id, entry["title"]):
            source = source_of(paper_id, entry["title"], entry["abstract"])
            texts = (answer.whats_new, answer.technical_details, answer.performance_highlights)
            title, abstract, *parts = (
                restored(text, source.shown.originals)
                for text in (answer.title_ko, answer.abstract_ko, *texts)
            )
            summary = [Section(name, text) for name, text in zip(SECTIONS, parts, strict=True)]
            found = issues(source.english, Korean(title, abstract, summary))
            expected.append([issue.code for issue in found])
            korean = {"title_ko": title, "abstract_ko": abstract}
            sections = [section._asdict() for section in summary]
            lines.append(spelt({"paper_id": paper_id, **entry, **korean, "summary_ko": sections}))
    assert len(lines) > 10
    assert check(tmp_path, *lines).codes() == expected


# Nothing of the line is lost -----------------------------------------------------------------------


def test_other_keys_their_order_and_their_very_spelling_stay(tmp_path: Path) -> None:
    line = (
        '{ "score":1.50, "nested": {"b":[1E5, -0],"a":"\\u00e9\\/"} ,"big":12345678901234567890123, '
        + spelt(GOOD).decode()[1:-1]
        + ' , "x" : null }'
    )
    checked = check(tmp_path, line.encode())
    assert checked.stdout == line[:-2] + ', "issues": []}\n'


@pytest.mark.parametrize("old", ["[]", '[{"code":"x"}]', '"]}"', '{"issues":[{}]}', "null"])
def test_issues_that_stood_there_are_replaced_where_they_stood(tmp_path: Path, old: str) -> None:
    head, rest = spelt(GOOD).decode().split(', "abstract": ', 1)
    line = f'{head}, "issues" : {old}, "abstract": {rest}'
    assert check(tmp_path, line.encode()).stdout == f'{head}, "issues" : [], "abstract": {rest}\n'


def test_each_of_two_keys_of_issues_is_replaced(tmp_path: Path) -> None:
    line = '{"issues":1,"\\u0069ssues":2,' + spelt(GOOD).decode()[1:]
    assert check(tmp_path, line.encode()).stdout.startswith('{"issues":[],"\\u0069ssues":[],"paper_id"')


def test_checking_what_was_checked_changes_nothing(tmp_path: Path) -> None:
    once = check(tmp_path, spelt(FAULTY), b"{}", spelt(GOOD))
    again = Checked(tmp_path, once.stdout.encode())
    assert again.stdout == once.stdout


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
KEYS = st.sampled_from([*GOOD, "issues", "section", "text", "x"])


@given(st.dictionaries(KEYS, JSON, max_size=9), st.booleans(), st.sampled_from([None, 0, 2]))
def test_any_object_comes_out_the_same_plus_issues(
    given_object: dict[str, Any], ascii: bool, indent: int | None
) -> None:
    text = json.dumps({**GOOD, **given_object}, ensure_ascii=ascii, indent=indent).replace("\n", " ")
    came = judged_line(1, text.encode("utf-8", "backslashreplace"))
    out = json.loads(came.text.encode("utf-8", "backslashreplace"))
    assert out.pop("issues") == [issue._asdict() for issue in came.issues]
    expected = {name: value for name, value in {**GOOD, **given_object}.items() if name != "issues"}
    assert out == expected
    assert list(out) == list(expected)


@given(st.binary(max_size=60) | JSON.map(spelt))
def test_any_bytes_give_one_object_with_issues(line: bytes) -> None:
    came = judged_line(3, line)
    assert "\n" not in came.text
    assert isinstance(json.loads(came.text)["issues"], list)
    assert came.is_judged or {issue.severity for issue in came.issues} == {"error"}


# Lines that are no pair ----------------------------------------------------------------------------

NO_OBJECT = {
    "cut off": spelt(GOOD)[:-20],
    "no JSON": b"title,abstract",
    "a list": b'["a"]',
    "a text": b'"a"',
    "a number": b"12",
    "null": b"null",
    "two objects": b"{}{}",
    "a comma too many": b'{"a": 1,}',
    "NaN": b'{"score": NaN}',
    "infinity": b'{"score": -Infinity}',
    "a number without end": b'{"score": ' + b"9" * 5000 + b"}",
    "not UTF-8": b'{"title": "\xff\xfe"}',
    "UTF-16": '{"title": "램프"}'.encode("utf-16-le").replace(b"\n", b""),
    "a surrogate in bytes": b'{"title": "\xed\xa0\x80"}',
    "nested too deep": b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "never closed": b"[" * 100_000,
    "NUL": b"\0",
    "a raw control": b'{"title": "a\tb"}',
}


@pytest.mark.parametrize("line", NO_OBJECT.values(), ids=NO_OBJECT)
def test_a_line_without_an_object_keeps_its_place_and_says_what_came(tmp_path: Path, line: bytes) -> None:
    checked = check(tmp_path, spelt(GOOD), line, spelt(FAULTY))
    first, bad, last = checked.lines
    assert list(bad) == ["line", "issues"]
    assert bad["line"] == 2
    [issue] = bad["issues"]
    assert (issue["code"], issue["severity"]) == ("bad_line", "error")
    assert issue["message"].startswith("Line 2: expected one JSON object, got ")
    assert issue["message"].isprintable()
    assert (first["issues"], bool(last["issues"]), checked.code) == ([], True, 1)


NO_PAIR = {
    "title: expected text, got null.": {**GOOD, "title": None},
    "paper_id: expected text, got a number.": {**GOOD, "paper_id": 2603.1},
    "abstract: expected text or null, got a list.": {**GOOD, "abstract": ["a"]},
    "title_ko: expected text or null, got true.": {**GOOD, "title_ko": True},
    "summary_ko: expected a list or null, got text.": {**GOOD, "summary_ko": "요약"},
    "summary_ko[0]: expected an object of section and text, got text.": {**GOOD, "summary_ko": ["요약"]},
    "summary_ko[0].text: expected text, got no such key.": {**GOOD, "summary_ko": [{"section": None}]},
    "summary_ko[0].section: expected text or null, got an object.": {
        **GOOD,
        "summary_ko": [{"section": {}, "text": "가"}],
    },
    "abstract_ko: expected text or null, got no such key.": {
        name: value for name, value in GOOD.items() if name != "abstract_ko"
    },
}


@pytest.mark.parametrize("message", NO_PAIR)
def test_an_object_that_is_no_pair_comes_out_with_what_is_wrong(tmp_path: Path, message: str) -> None:
    checked = check(tmp_path, spelt(NO_PAIR[message]))
    [line] = checked.lines
    assert [issue["message"] for issue in line.pop("issues")] == [message]
    assert line == NO_PAIR[message]
    assert {issue["code"] for issue in json.loads(checked.stdout)["issues"]} == {"schema"}
    assert checked.code == 1


def test_an_empty_object_lacks_every_key(tmp_path: Path) -> None:
    checked = check(tmp_path, b"{}", b" { } ")
    fields = [[issue["field"] for issue in line["issues"]] for line in checked.lines]
    assert fields == [list(GOOD)] * 2
    assert checked.stdout.startswith('{"issues": [{"code": "schema"')


def test_a_key_of_ours_that_stands_twice_is_a_fault_and_another_is_not(tmp_path: Path) -> None:
    twice = b'{"title_ko": "\xea\xb0\x80", ' + spelt(GOOD)[1:]
    entry = b'{"section": null, "text": "a", "text": "b"}'
    inside = spelt({**GOOD, "summary_ko": []}).replace(b"[]", b"[" + entry + b"]")
    checked = check(tmp_path, twice, inside, b'{"x": 1, "x": 2, "text": 3, "text": 4, ' + spelt(GOOD)[1:])
    messages = [[issue["message"] for issue in line["issues"]] for line in checked.lines]
    assert messages == [
        ["title_ko: expected the key once, got it more than once."],
        ["summary_ko[0].text: expected the key once, got it more than once."],
        [],
    ]


def test_a_thousand_wrong_entries_are_told_in_a_few(tmp_path: Path) -> None:
    checked = check(tmp_path, spelt({**GOOD, "summary_ko": [1] * 1000}))
    assert len(checked.lines[0]["issues"]) == 20


def test_lone_surrogates_are_found_and_come_out_as_they_came(tmp_path: Path) -> None:
    line = spelt(GOOD).replace("밤에 읽는".encode(), rb"\ud800\udfff \udc00").replace(b"Lamps", rb"\udabc")
    checked = check(tmp_path, line)
    assert "invisible_character" in checked.codes()[0]
    assert checked.stdout.encode().startswith(line[:-1])


# The file ------------------------------------------------------------------------------------------


def test_a_byte_order_mark_windows_line_ends_and_a_missing_last_line_end_are_passed_over(
    tmp_path: Path,
) -> None:
    bom = b"\xef\xbb\xbf"
    checked = Checked(tmp_path, bom + spelt(GOOD) + b"\r\n" + bom + spelt(FAULTY) + b"\r\n" + spelt(GOOD))
    assert [bool(codes) for codes in checked.codes()] == [False, True, False]
    assert "\r" not in checked.stdout
    assert "\ufeff" not in checked.stdout


def test_line_separators_inside_a_text_end_no_line(tmp_path: Path) -> None:
    checked = check(tmp_path, spelt({**GOOD, "note": "a\u2028b\x85c"}))
    assert len(checked.lines) == 1
    assert checked.code == 0


def test_blank_lines_are_passed_over_and_counted(tmp_path: Path) -> None:
    checked = check(tmp_path, b"", spelt(GOOD), b" \t\r", b"[]", b"")
    assert checked.codes() == [[], ["bad_line"]]
    assert checked.lines[1]["line"] == 4
    assert "blank (passed over)" in checked.stderr


def test_an_empty_file_is_clean(tmp_path: Path) -> None:
    checked = check(tmp_path)
    assert (checked.lines, checked.code) == ([], 0)


def test_a_line_of_fifty_megabytes_is_judged_and_kept_whole(tmp_path: Path) -> None:
    huge = {**GOOD, "abstract": "가 " * 12_000_000, "abstract_ko": "[(" * 5_000_000}
    checked = check(tmp_path, spelt(huge), spelt(GOOD), out=True)
    first, second = checked.lines
    assert "too_long" in {issue["code"] for issue in first.pop("issues")}
    assert first == huge
    assert second == {**GOOD, "issues": []}


def test_a_line_beyond_what_is_read_is_named_by_its_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(check_answers, "LONGEST_LINE", 2_000)
    monkeypatch.setattr(check_answers, "_CHUNK", 700)
    exact = spelt(GOOD) + b" " * (2_000 - len(spelt(GOOD)))
    checked = check(tmp_path, b"x" * 9_999, exact, b"y" * 2_001, spelt(GOOD))
    assert checked.codes() == [["bad_line"], [], ["bad_line"], []]
    assert "got 10,000 bytes; at most 2,000 are read" in checked.lines[0]["issues"][0]["message"]
    assert checked.lines[2]["line"] == 3


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    peaks = []
    for count in (1, 60):
        file = tmp_path / f"{count}.jsonl"
        with file.open("wb") as stream:
            for number in range(count):
                stream.write(spelt({**GOOD, "full_text": f"{number} " * 200_000}) + b"\n")
        script = (
            "import resource, sys\nfrom pathlib import Path\nfrom flows.check_answers import check_answers\n"
            "check_answers(Path(sys.argv[1]), Path(sys.argv[2]))\n"
            "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
        )
        arguments = [sys.executable, "-c", script, str(file), str(tmp_path / "out.jsonl")]
        ended = subprocess.run(arguments, capture_output=True, text=True, check=True, env=wide())
        peaks.append(int(ended.stdout.split()[-1]))
    assert (tmp_path / "out.jsonl").read_bytes().count(b"\n") == 60
    assert peaks[1] < peaks[0] + 15_000


# Where it goes -------------------------------------------------------------------------------------


def test_with_out_the_table_is_printed_and_without_it_the_lines(tmp_path: Path) -> None:
    lines = [spelt(GOOD), spelt(FAULTY), spelt(WARNED), b"?"]
    without, checked = check(tmp_path, *lines), check(tmp_path, *lines, out=True)
    assert checked.lines == without.lines
    assert checked.out.read_text(encoding="utf-8") == without.stdout
    table = {" ".join(line.strip("│ ┃\n").split()) for line in checked.stdout.splitlines()}
    assert {"judged │ 3", "with errors │ 1", "with warnings only │ 1", "clean │ 1"} <= table
    assert {"bad (not judged) │ 1", "bad_line │ 1", "link_glued │ 1"} <= table
    assert "clean" in without.stderr
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_out_keeps_nothing_back_when_it_replaces_a_file(tmp_path: Path) -> None:
    (tmp_path / "judged.jsonl").write_text("old\n" * 10_000)
    assert check(tmp_path, spelt(GOOD), out=True).lines == [{**GOOD, "issues": []}]


def test_a_link_given_as_out_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "judged.jsonl").symlink_to(tmp_path / "real.jsonl")
    assert check(tmp_path, spelt(GOOD), out=True).code == 0
    assert (tmp_path / "judged.jsonl").is_symlink()
    assert (tmp_path / "real.jsonl").exists()


def files(folder: Path) -> dict[Path, tuple[int, bytes]]:
    found = [path for path in folder.rglob("*") if path.is_file()]
    return {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in found}


def refused(folder: Path, out: Path) -> str:
    """What is said of an --out that cannot be used; the pairs and all beside them are as they were."""
    file = folder / "pairs.jsonl"
    if not file.exists():
        file.write_bytes(spelt(GOOD) + b"\n")
    before = files(folder)
    ended = CliRunner().invoke(app, ["check", "--answers", str(file), "--out", str(out)])
    assert ended.exit_code == 2
    assert "Traceback" not in ended.output
    assert "Written" not in ended.output
    assert files(folder) == before
    return ended.stderr


def test_out_equal_to_the_input_is_refused(tmp_path: Path) -> None:
    assert "is the file of the pairs" in refused(tmp_path, tmp_path / "pairs.jsonl")
    assert "is the file of the pairs" in refused(tmp_path, tmp_path / "." / "x" / ".." / "pairs.jsonl")
    (tmp_path / "link.jsonl").symlink_to("pairs.jsonl")
    assert "is the file of the pairs" in refused(tmp_path, tmp_path / "link.jsonl")
    os.link(tmp_path / "pairs.jsonl", tmp_path / "hard.jsonl")
    assert "is the file of the pairs" in refused(tmp_path, tmp_path / "hard.jsonl")


def test_out_where_nothing_can_be_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    assert "expected a file" in refused(tmp_path, tmp_path / "folder")
    assert "could not be written" in refused(tmp_path, tmp_path / "missing" / "judged.jsonl")
    (tmp_path / "file").write_text("kept")
    assert "could not be written" in refused(tmp_path, tmp_path / "file" / "judged.jsonl")
    assert "expected a file" in refused(tmp_path, Path("/dev/null"))
    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)


def test_a_full_disk_leaves_what_stood_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "judged.jsonl"
    out.write_text("kept")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(check_answers, "_judge", full)
    assert "No space left on device" in refused(tmp_path, out)
    assert out.read_text() == "kept"


@pytest.mark.parametrize(
    "arguments",
    [
        ["--codes", "--answers", "{file}"],
        ["--codes", "--out", "judged.jsonl"],
        ["--out", "judged.jsonl"],
        ["--answers", "missing.jsonl"],
        ["--answers", "."],
        ["--answers"],
    ],
)
def test_wrong_usage_ends_with_2(tmp_path: Path, arguments: list[str]) -> None:
    file = tmp_path / "pairs.jsonl"
    file.write_bytes(spelt(GOOD))
    ended = CliRunner().invoke(app, ["check", *(each.format(file=file) for each in arguments)])
    assert ended.exit_code == 2
    assert "Traceback" not in ended.output


def test_a_reader_that_has_read_enough_is_no_error(tmp_path: Path) -> None:
    file = tmp_path / "pairs.jsonl"
    file.write_bytes((spelt(GOOD) + b"\n") * 1_000)
    command = f"{COMMAND[0]} check --answers {file} | head -1"
    ended = subprocess.run(command, shell=True, capture_output=True, text=True, check=False, env=wide())
    assert json.loads(ended.stdout) == {**GOOD, "issues": []}
    assert "Traceback" not in ended.stderr
    assert "Exception" not in ended.stderr


# What the Korean may quote -------------------------------------------------------------------------

TEX = {
    **GOOD,
    "title": r"\textsc{Glow}: Lamps at 95\%",
    "abstract": r"\emph{Glow} reads lamps (\url{https://example.org/glow}) and reaches 95\% accuracy.",
    "abstract_ko": None,
}


@pytest.mark.parametrize(
    "text",
    [
        "Glow는 밤에 램프를 읽어 정확도 95%에 이릅니다.",
        r"\textsc{Glow}는 밤에 등불과 램프를 차례대로 읽어 정확도 95\%에 이릅니다.",
        r"\emph{Glow}는 밤에 등불과 램프를 차례대로 읽어 정확도 95%에 이릅니다.",
    ],
)
def test_korean_may_quote_the_sources_tex_or_leave_it(tmp_path: Path, text: str) -> None:
    pair = {**TEX, "title_ko": "Glow: 95% 램프", "summary_ko": [{"section": None, "text": text}]}
    assert check(tmp_path, spelt(pair)).codes() == [[]]


def test_tex_that_the_source_lacks_is_still_found(tmp_path: Path) -> None:
    text = r"\textbf{Lamp}는 밤에 등불과 램프를 차례대로 읽어 정확도 95\%에 이릅니다."
    pair = {**TEX, "title_ko": "Glow: 95% 램프", "summary_ko": [{"section": None, "text": text}]}
    assert check(tmp_path, spelt(pair)).codes() == [["formula_invented"]]


# Codes ---------------------------------------------------------------------------------------------


def test_every_code_is_listed_once_with_severity_and_meaning() -> None:
    ended = CliRunner().invoke(app, ["check", "--codes"])
    assert ended.exit_code == 0
    rows = [line.split(maxsplit=1) for line in ended.stdout.splitlines()[1:]]
    meanings = {**answers.CODES, **quality.CODES, **judge.CODES, **pairs.CODES}
    assert [code for code, _ in rows] == sorted(meanings)
    for code, rest in rows:
        assert re.fullmatch(rf"{meanings[code].severities} +{re.escape(meanings[code].meaning)} *", rest)
