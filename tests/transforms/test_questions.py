"""Named questions filled in, statements judged, months pruned: without a lake."""

from datetime import date

import polars as pl
import pytest
import sqlglot
from hypothesis import given
from hypothesis import strategies as st

from schemas.tables import RELEASE, VOTES
from transforms.cells import column_widths, readable, spreadsheet_columns
from transforms.pruning import months_asked
from transforms.questions import filled, question, questions, read_question
from transforms.statement import Refused, statement

NAMES = ["release", "papers", "votes", "abstracts", "translations", "archive", "rejected"]
MONTHS = ["2024-02", "2024-05", "2024-06"]
NUL = chr(0)


# Questions ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("asked", questions(), ids=lambda asked: asked.name)
def test_every_question_describes_itself_and_runs_on_defaults(asked: object) -> None:
    asked = question(asked.name)  # type: ignore[attr-defined]
    assert asked.description.endswith(".")
    assert asked.parameters
    sql = filled(asked, {}, MONTHS)
    assert statement(sql, NAMES).tables <= {"release", "votes"}
    frames = {"release": RELEASE.empty(), "votes": VOTES.empty()}
    assert pl.SQLContext(frames).execute(sql).collect().height == 0


def test_a_month_is_its_first_and_its_last_day() -> None:
    asked = read_question(
        "mine", "-- Mine.\n-- :month YYYY-MM, default the latest month\nSELECT :month, :month_last"
    )
    assert filled(asked, {"month": "2024-02"}, []).endswith("SELECT '2024-02', DATE '2024-02-29'")
    assert filled(asked, {}, MONTHS).endswith("SELECT '2024-06', DATE '2024-06-30'")
    first = read_question("mine", "-- Mine.\n-- :since YYYY-MM, default the first month\nSELECT :since_first")
    assert filled(first, {}, MONTHS).endswith("SELECT DATE '2024-02-01'")


def test_without_a_month_in_the_release_a_default_month_is_refused() -> None:
    with pytest.raises(Refused, match="holds no month yet"):
        filled(question("top-papers"), {}, [])


def test_placeholders_in_texts_comments_and_casts_are_left_alone() -> None:
    head = "-- Mine, with :n and '.\n-- :n number, default 3\n"
    text = head + "SELECT ':n', \":n\", x::int, 'it''s :n', :n /* :n */"
    sql = filled(read_question("mine", text), {}, [])
    assert sql.splitlines()[-1] == "SELECT ':n', \":n\", x::int, 'it''s :n', 3 /* :n */"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("month", "2024-13"),
        ("month", "2024-6"),
        ("month", "0000-01"),
        ("month", "9999-12"),
        ("month", "2024-06' OR '1'='1"),
        ("month", "２０２４-06"),
        ("month", "2024-06\n"),
        ("limit", "-1"),
        ("limit", "1; DROP TABLE release"),
        ("limit", "1e9"),
        ("limit", "٣"),
    ],
)
def test_a_value_of_another_kind_is_refused(name: str, value: str) -> None:
    with pytest.raises(Refused, match=rf"^{name}=.*: expected"):
        filled(question("top-papers"), {name: value}, MONTHS)


@given(st.text(max_size=120))
def test_no_value_gets_out_of_its_literal(value: str) -> None:
    asked = read_question("mine", "-- Mine.\n-- :term words, default a\nSELECT :term AS x")
    try:
        sql = filled(asked, {"term": value}, MONTHS)
    except Refused:
        return
    assert pl.SQLContext().execute(sql).collect().item() == (value or "a")


def test_an_unknown_parameter_or_question_names_the_closest() -> None:
    with pytest.raises(Refused, match=r"top-papers has no parameter 'mont'; did you mean month\?"):
        filled(question("top-papers"), {"mont": "2024-06"}, MONTHS)
    with pytest.raises(Refused, match=r"no question 'top-paper'; did you mean top-papers\?"):
        question("top-paper")
    with pytest.raises(Refused, match=r"nothing says what :mounth is; did you mean month\?"):
        filled(read_question("q", "-- Q.\n-- :month YYYY-MM, default 2024-06\nSELECT :mounth"), {}, [])


# Statements --------------------------------------------------------------------------------------

ONLY_READS = [
    "SELECT 1",
    "SELECT 1;",
    "-- why\nSELECT title FROM release",
    "WITH x AS (SELECT * FROM papers) SELECT * FROM x",
    "SELECT paper_id FROM papers UNION ALL SELECT paper_id FROM votes",
    "(SELECT 1) EXCEPT (SELECT 2)",
    "SELECT * FROM RELEASE",
    "VALUES (1), (2)",
    "SHOW TABLES",
    "DESCRIBE release",
    "SELECT * FROM release JOIN votes USING (list_date, paper_id)",
    "SELECT * FROM release NATURAL JOIN votes",
    "SELECT * FROM release r JOIN votes v ON r.paper_id = v.paper_id AND v.upvotes > r.upvotes",
    "SELECT * FROM release r LEFT ANTI JOIN votes v ON r.paper_id = v.paper_id",
    "SELECT a FROM release CROSS JOIN unnest(authors) AS t(a)",
    "SELECT * FROM release CROSS JOIN (SELECT max(upvotes) AS most FROM release) AS m",
    "SELECT * FROM release CROSS JOIN (VALUES (1), (2)) AS v(x)",
    "SELECT * FROM (VALUES (1), (2)) AS v(x) CROSS JOIN release",
    "WITH few AS (SELECT paper_id FROM votes LIMIT 10) SELECT * FROM release CROSS JOIN few",
    "SELECT title FROM release WHERE title LIKE '%drop table%' OR title = 'a;b'",
]


@pytest.mark.parametrize("sql", ONLY_READS)
def test_a_statement_that_only_reads_passes(sql: str) -> None:
    statement(sql, NAMES)


REFUSED = {
    "CREATE TABLE x AS SELECT 1": "only reads",
    "DROP TABLE release": "only reads",
    "TRUNCATE TABLE release": "only reads",
    "DELETE FROM release": "only reads",
    "INSERT INTO release SELECT 1": "only reads",
    "UPDATE release SET upvotes = 1": "only reads",
    "COPY release TO 'x.csv'": "only reads",
    "EXPLAIN SELECT 1": "only reads",
    "PRAGMA database_list": "only reads",
    "ATTACH 'x.db'": "only reads",
    "SET x = 1": "only reads",
    "/* harmless */ DROP TABLE release": "only reads",
    "WITH x AS (DELETE FROM release) SELECT * FROM x": "only reads|not SQL|not a SELECT",
    "WITH x AS (SELECT 1) DELETE FROM release": "only reads|not SQL",
    "SELECT upvotes INTO x FROM release": "only reads",
    "SELECT * FROM release FOR UPDATE": "only reads",
    "SELECT 1; SELECT 2": "2 statements",
    "SELECT 1; DROP TABLE release": "2 statements",
    "SELECT * FROM read_parquet('x.parquet')": "by its path",
    "SELECT * FROM \"read_csv\"('x.csv')": "by its path",
    "SELECT * FROM READ_JSON /* */ ('x.json')": "by its path",
    "SELECT * FROM read_ipc('x') AS t": "by its path",
    "SELECT * FROM scan_parquet('x')": "by its path",
    "SELECT * FROM release WHERE paper_id IN (SELECT a FROM read_csv('x'))": "by its path",
    "SELECT * FROM 'x.parquet'": "looks like a file",
    'SELECT * FROM "/etc/passwd"': "looks like a file",
    "SELECT * FROM main.release": "looks like a file",
    "SELECT * FROM glob('*')": "is no table",
    "SELECT * FROM range(1000000000)": "is no table",
    "SELECT * FROM release CROSS JOIN papers": "no condition",
    "SELECT * FROM release, papers": "no condition",
    "SELECT * FROM release r, release q WHERE r.paper_id = q.paper_id": "no condition",
    "SELECT * FROM release JOIN papers ON TRUE": "no condition",
    "SELECT * FROM release JOIN papers ON 1 = 1": "no condition",
    "SELECT * FROM release r JOIN papers p ON r.upvotes > p.upvotes": "no condition",
    "SELECT * FROM release r JOIN papers p ON r.paper_id = r.paper_id": "no condition",
    "SELECT * FROM release r JOIN papers p ON r.title = r.abstract": "no condition",
    "SELECT * FROM release r JOIN papers p ON r.paper_id = p.paper_id OR TRUE": "no condition",
    "SELECT * FROM release JOIN (SELECT * FROM papers) AS p ON p.upvotes = 1": "no condition",
    "SELECT * FROM (release CROSS JOIN papers)": "no condition",
    "WITH x AS (SELECT * FROM papers) SELECT count(*) FROM release CROSS JOIN x": "no condition",
    "SELECT * FROM release CROSS JOIN (SELECT * FROM papers LIMIT 100000) AS p": "no condition",
    "WITH a AS (SELECT title FROM votes LIMIT 1000) SELECT * FROM a CROSS JOIN a AS b CROSS JOIN a AS c":
        "no condition",
    "SELECT (SELECT count(*) FROM papers a, papers b) FROM release": "no condition",
    "SELEC * FROM release": r"did you mean SELECT\?",
    "SELECT * FORM release": r"did you mean FROM for 'FORM'\?",
    "SELECT * FROM release WERE upvotes > 1": r"line 1, column .*did you mean WHERE",
    "SELECT * FROM relase": r"no table 'relase'; did you mean release\?",
    "SELECT * FROM Release": r"no table 'Release'; did you mean release\?",
    "DESCRIBE vote": r"no table 'vote'; did you mean votes\?",
    "SHOW TABLES FROM x": "only SHOW TABLES",
    "SHOW DATABASES": "only reads",
    "DESCRIBE SELECT 1": "only a table",
    "WITH release AS (SELECT 1) SELECT * FROM release": "hides the table",
    "": "is empty",
    "  -- nothing but this\n": "is empty",
    "SELECT 'open": "not closed",
    f"SELECT '{NUL}'": "null character",
    "SELECT " + "(" * 5000 + "1" + ")" * 5000: "nested too deeply|not SQL",
    "SELECT " + "1," * 60_000 + "1": "characters",
}  # fmt: skip


@pytest.mark.parametrize(("sql", "why"), REFUSED.items(), ids=[sql[:60] for sql in REFUSED])
def test_a_statement_that_is_not_run_is_refused_in_one_sentence(sql: str, why: str) -> None:
    with pytest.raises(Refused, match=why) as refused:
        statement(sql, NAMES)
    assert "\n" not in str(refused.value)
    assert len(str(refused.value)) < 300


# Months ------------------------------------------------------------------------------------------

HELD = ["2024-04", "2024-05", "2024-06", "2024-07"]
JUNE = ["2024-06"]
ASKED = {
    "SELECT * FROM release WHERE list_date = '2024-06-03'": JUNE,
    "SELECT * FROM release WHERE list_date BETWEEN '2024-06-01' AND '2024-06-30'": JUNE,
    "SELECT * FROM release WHERE list_date BETWEEN DATE '2024-06-01' AND '2024-06-30'::date": JUNE,
    "SELECT * FROM release r WHERE r.list_date >= '2024-06-01' AND (r.list_date < '2024-07-01')": JUNE,
    "SELECT * FROM release WHERE '2024-06-01' <= list_date AND '2024-06-30' >= list_date": JUNE,
    "SELECT * FROM release WHERE list_date > '2024-05-31' AND list_date <= '2024-06-30'": JUNE,
    "SELECT * FROM release WHERE strftime(list_date, '%Y-%m') = '2024-06'": JUNE,
    "SELECT * FROM RELEASE WHERE list_date = '2024-06-03'": JUNE,
    "SELECT * FROM release WHERE list_date >= '2024-06-01'": ["2024-06", "2024-07"],
    "SELECT * FROM release WHERE list_date < '0999-01-01'": [],
    "WITH x AS (SELECT * FROM release WHERE list_date = '2024-06-03') SELECT * FROM x": JUNE,
    "SELECT 1 FROM release WHERE list_date = '2024-06-03' UNION SELECT 2 FROM release WHERE list_date < '2024-05-01'":  # noqa: E501
        ["2024-04", "2024-06"],
    "SELECT * FROM release r JOIN votes v USING (paper_id) WHERE r.list_date = '2024-06-03'": JUNE,
    # What is not understood asks for everything.
    "SELECT * FROM release": HELD,
    "SELECT * FROM release WHERE list_date = '2024-06-03' OR upvotes > 3": HELD,
    "SELECT * FROM release WHERE NOT list_date = '2024-06-03'": HELD,
    "SELECT * FROM release WHERE list_date NOT BETWEEN '2024-06-01' AND '2024-06-30'": HELD,
    "SELECT * FROM release WHERE submitted_at = '2024-06-03'": HELD,
    "SELECT * FROM release r JOIN votes v USING (paper_id) WHERE v.list_date = '2024-06-03'": HELD,
    "SELECT * FROM release JOIN votes USING (paper_id) WHERE list_date = '2024-06-03'": HELD,
    "SELECT * FROM release AS r(list_date, a) WHERE list_date = '2024-06-03'": HELD,
    "SELECT * FROM (SELECT * FROM release) AS r WHERE list_date = '2024-06-03'": HELD,
    "SELECT count(*) FROM release HAVING max(list_date) = '2024-06-03'": HELD,
    "SELECT 1 FROM release WHERE list_date = '2024-06-03' AND rank IN (SELECT rank FROM release)": HELD,
}  # fmt: skip


@pytest.mark.parametrize(("sql", "months"), ASKED.items())
def test_only_the_months_asked_for_are_read(sql: str, months: list[str]) -> None:
    assert months_asked(statement(sql, NAMES).tree, "release", HELD) == months


_DAYS = st.dates(date(2024, 3, 25), date(2024, 8, 5))
_COMPARED = st.builds(
    "{} {} '{}'".format, st.sampled_from(["list_date", "release.list_date"]),
    st.sampled_from(["=", "<", "<=", ">", ">=", "<>"]), _DAYS,
)  # fmt: skip
_MIRRORED = st.builds("'{}' {} list_date".format, _DAYS, st.sampled_from(["=", "<", "<=", ">", ">="]))
_BETWEEN = st.builds(
    "list_date {} '{}' AND '{}'".format, st.sampled_from(["BETWEEN", "NOT BETWEEN"]), _DAYS, _DAYS
)
_MONTH = st.builds("strftime(list_date, '%Y-%m') = '2024-0{}'".format, st.integers(3, 8))
_CONDITION = st.recursive(
    st.one_of(_COMPARED, _MIRRORED, _BETWEEN, _MONTH),
    lambda inner: st.one_of(
        st.builds("({} AND {})".format, inner, inner),
        st.builds("({} OR {})".format, inner, inner),
        st.builds("NOT ({})".format, inner),
    ),
    max_leaves=5,
)


@given(_CONDITION)
def test_no_row_is_lost_with_a_month_that_is_not_read(condition: str) -> None:
    days = pl.date_range(date(2024, 4, 1), date(2024, 7, 31), eager=True)
    frame = pl.DataFrame({"list_date": days})
    sql = f"SELECT list_date FROM release WHERE {condition}"
    months = months_asked(sqlglot.parse_one(sql, dialect="duckdb"), "release", HELD)
    read = frame.filter(pl.col("list_date").dt.strftime("%Y-%m").is_in(months))
    whole, pruned = (pl.SQLContext({"release": rows}).execute(sql).collect() for rows in (frame, read))
    assert whole.equals(pruned)


# Cells -------------------------------------------------------------------------------------------


def test_cells_of_csv_run_no_formula() -> None:
    texts = ["=1+1", "+1", "-1", "@x", "\t=1", "a=1", "", None]
    frame = pl.DataFrame({"text": texts, "number": [-1] * 8, "names": [["=a", "b"]] * 8})
    flat = frame.select(spreadsheet_columns(frame.schema))
    assert flat["text"].to_list() == ["'=1+1", "'+1", "'-1", "'@x", "'\t=1", "a=1", "", None]
    assert flat["number"].to_list() == [-1] * 8
    assert flat["names"].unique().to_list() == ["'=a; b"]
    named = pl.DataFrame({"=cmd": [1]})
    assert named.select(spreadsheet_columns(named.schema)).columns == ["'=cmd"]


def test_cells_show_no_control_character() -> None:
    assert readable("a\x1b[31mred\r\nb\u202e") == "a[31mred b"
    assert readable([{"section": "What's New", "text": "새 모델"}, {"section": None, "text": "b"}]) == (
        "What's New: 새 모델 · b"
    )
    assert readable([]) == ""


@given(st.lists(st.integers(1, 400), min_size=1, max_size=12), st.integers(20, 200))
def test_widths_fit_and_only_the_widest_give_way(wanted: list[int], available: int) -> None:
    widths = column_widths(wanted, available)
    assert sum(widths) <= max(available, len(wanted))
    cap = max(widths)
    assert all(width == min(want, cap) for width, want in zip(widths, wanted, strict=True))
