"""The tables of the lake and of the release: columns, keys, rules and meanings, declared once.

A column is written once, as a function below; a table lists its columns. Polars, Arrow and
``datasets.Features`` schemas and the card's column table all derive from these classes
(schemas/dataset.py), so a change here is a change everywhere. Called by flows/storage.py, which
validates at its two doors, and by transforms/, which build frames with ``empty(...).schema``.
"""

from collections.abc import Callable
from dataclasses import dataclass

import dataframely as dy
import polars as pl

# Spelt out: \d takes the digits of every script.
PAPER_ID_PATTERN = r"^[0-9]{4}\.[0-9]{4,5}$"
SECTIONS = ("What's New", "Technical Details", "Performance Highlights")
ABSTRACT_SOURCES = ("arxiv", "huggingface")
STATUSES = ("ok", "pending", "rejected", "archived")
SEVERITIES = ("error", "warning")
PURPOSES = ("translate", "judge")
SHA256_PATTERN = r"^[0-9a-f]{64}$"


def _one_of(values: tuple[str, ...]) -> dict[str, Callable[[pl.Expr], pl.Expr]]:
    return {"known": lambda column: column.is_in(list(values))}


def _says(meaning: str) -> dict[str, str]:
    return {"meaning": meaning}


# Columns -----------------------------------------------------------------------------------------


def list_date(*, key: bool = True) -> dy.Date:
    return dy.Date(
        primary_key=key,
        nullable=False,
        metadata=_says("Date of the Daily Papers list: the date asked for, never one inside a payload."),
    )


def paper_id(*, key: bool = True) -> dy.String:
    return dy.String(
        primary_key=key,
        nullable=not key,
        regex=PAPER_ID_PATTERN if key else None,
        metadata=_says("arXiv identifier without version, as text: trailing zeros count."),
    )


def rank() -> dy.Int32:
    return dy.Int32(
        nullable=False, min=1, metadata=_says("Place in the day's list as last seen; 1 is first.")
    )


def upvotes(*, nullable: bool = False) -> dy.Int64:
    return dy.Int64(
        nullable=nullable,
        min=0,
        metadata=_says("Votes on the Hub when last seen; the log's for archived listings, null without one."),
    )


def comment_count() -> dy.Int64:
    return dy.Int64(nullable=True, min=0, metadata=_says("Comments on the Hub when last seen."))


def _utc(meaning: str, *, nullable: bool, key: bool = False) -> dy.Datetime:
    return dy.Datetime(
        time_unit="us", time_zone="UTC", nullable=nullable, primary_key=key, metadata=_says(meaning)
    )


def submitted_at() -> dy.Datetime:
    return _utc(
        "When the paper was put on the list (UTC); null where the Hub does not say.",
        nullable=True,
    )


def submitted_by() -> dy.String:
    return dy.String(nullable=True, metadata=_says("Hub user name of who put it on the list."))


def first_seen_at(*, nullable: bool = False) -> dy.Datetime:
    return _utc(
        "Fetch that first found the paper on this list (UTC); null where only the archive lists it.",
        nullable=nullable,
    )


def last_seen_at(*, nullable: bool = False) -> dy.Datetime:
    return _utc(
        "Last fetch that found the paper on this list and anything new on it (UTC); a fetch that brings "
        "nothing new moves nothing. Null where only the archive lists it.",
        nullable=nullable,
    )


def delisted_at() -> dy.Datetime:
    return _utc(
        "First fetch that no longer found the paper on this list (UTC); null while listed.", nullable=True
    )


def title() -> dy.String:
    return dy.String(
        nullable=False, min_length=1, metadata=_says("English title; arXiv's where known, which keeps LaTeX.")
    )


def authors() -> dy.List:
    return dy.List(
        dy.String(nullable=False, min_length=1),
        nullable=False,
        metadata=_says("Authors in the paper's order; arXiv's list where known."),
    )


def published_at() -> dy.Datetime:
    return _utc("First version on arXiv (UTC); day precision where only the Hub is known.", nullable=True)


def is_withdrawn() -> dy.Bool:
    return dy.Bool(
        nullable=False, metadata=_says("The Hub marked the paper as withdrawn when this list was last seen.")
    )


def organization() -> dy.String:
    return dy.String(nullable=True, metadata=_says("Organisation the Hub shows for the paper."))


def github_repo() -> dy.String:
    return dy.String(
        nullable=True,
        regex=r"^https://github\.com/[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+$",
        metadata=_says("Code repository, https://github.com/owner/name."),
    )


def github_stars() -> dy.Int64:
    return dy.Int64(nullable=True, min=0, metadata=_says("Stars of github_repo as the Hub last showed them."))


def project_page() -> dy.String:
    return dy.String(nullable=True, regex=r"^https?://\S+$", metadata=_says("Project page URL."))


def thumbnail_url() -> dy.String:
    return dy.String(nullable=True, regex=r"^https?://\S+$", metadata=_says("Preview picture URL."))


def media_urls() -> dy.List:
    return dy.List(
        dy.String(nullable=False, regex=r"^https?://\S+$"),
        nullable=False,
        metadata=_says("Videos and pictures the submitter attached; empty when none."),
    )


def ai_summary() -> dy.String:
    return dy.String(nullable=True, metadata=_says("The Hub's own one-sentence machine summary, English."))


def ai_keywords() -> dy.List:
    return dy.List(
        dy.String(nullable=False, min_length=1),
        nullable=False,
        metadata=_says("The Hub's own machine keywords, English; empty when none."),
    )


def hub_abstract() -> dy.String:
    return dy.String(
        nullable=True, metadata=_says("Abstract as the Hub sent it, whitespace folded, LaTeX often stripped.")
    )


def abstract(*, nullable: bool = True) -> dy.String:
    return dy.String(
        nullable=nullable, metadata=_says("English abstract as one line; LaTeX kept where from arXiv.")
    )


def abstract_source(*, nullable: bool = True) -> dy.String:
    return dy.String(
        nullable=nullable,
        check=_one_of(ABSTRACT_SOURCES),
        metadata=_says(
            "Where abstract is from: arxiv, or huggingface (LaTeX residue repaired where certain)."
        ),
    )


def categories() -> dy.List:
    return dy.List(
        dy.String(nullable=False, min_length=1),
        nullable=True,
        metadata=_says("arXiv categories; null while arXiv has not answered for the paper."),
    )


def primary_category() -> dy.String:
    return dy.String(nullable=True, metadata=_says("arXiv's primary category; null as for categories."))


def title_ko() -> dy.String:
    return dy.String(nullable=True, min_length=1, metadata=_says("Machine Korean of title."))


def abstract_ko() -> dy.String:
    return dy.String(nullable=True, min_length=1, metadata=_says("Machine Korean of abstract."))


def summary_ko() -> dy.List:
    return dy.List(
        dy.Struct({"section": dy.String(nullable=True), "text": dy.String(nullable=False, min_length=1)}),
        nullable=True,
        metadata=_says(
            "Machine Korean summary: What's New, Technical Details, Performance Highlights; "
            "section is null for plain bullets."
        ),
    )


def translation_status(*values: str) -> dy.String:
    return dy.String(
        nullable=False,
        check=_one_of(values),
        metadata=_says(
            "ok (Korean passed the gate, or a person corrected it), pending (not translated yet), rejected "
            "(the gate refused it; English only), archived (imported from the predecessor's logs)."
        ),
    )


def _issues(meaning: str) -> dy.List:
    return dy.List(
        dy.Struct(
            {
                "code": dy.String(nullable=False),
                "severity": dy.String(nullable=False),
                "field": dy.String(nullable=False),
                "message": dy.String(nullable=False),
            }
        ),
        nullable=False,
        metadata=_says(meaning),
    )


def translation_issues() -> dy.List:
    return _issues("What the quality gate found in the kept answer; empty when nothing.")


def model() -> dy.String:
    return dy.String(nullable=True, metadata=_says("Model that wrote the Korean, as the service names it."))


def prompt_version() -> dy.String:
    return dy.String(nullable=True, metadata=_says("Version of the prompt that asked for the Korean."))


def source_sha256(*, key: bool = False) -> dy.String:
    return dy.String(
        primary_key=key,
        nullable=not key,
        regex=SHA256_PATTERN,
        metadata=_says("SHA-256 of the English (title and abstract) that the Korean was made from."),
    )


def translated_at() -> dy.Datetime:
    return _utc("When the model's kept answer arrived (UTC).", nullable=True)


def corrected_at(*, key: bool = False) -> dy.Datetime:
    return _utc(
        "When a person corrected the Korean (UTC); null where none did. model, prompt_version and "
        "translated_at stay those of the text that it started from.",
        nullable=not key,
        key=key,
    )


def _tokens(meaning: str) -> dy.Int64:
    return dy.Int64(nullable=False, min=0, metadata=_says(meaning))


def _answers() -> dy.List:
    answer = {
        "answered_at": dy.Datetime(time_unit="us", time_zone="UTC", nullable=False),
        "model": dy.String(nullable=False),
        "purpose": dy.String(nullable=False, check=_one_of(PURPOSES)),
        "is_batch": dy.Bool(nullable=False),
        "input_tokens": dy.Int64(nullable=False, min=0),
        "cached_tokens": dy.Int64(nullable=False, min=0),
        "output_tokens": dy.Int64(nullable=False, min=0),
        "reasoning_tokens": dy.Int64(nullable=False, min=0),
        "cost_usd": dy.Float64(nullable=True, min=0),
    }
    return dy.List(
        dy.Struct(answer, nullable=False),
        nullable=False,
        metadata=_says("Every answer that was paid for this row, in order, with its tokens and dollars."),
    )


# Tables ------------------------------------------------------------------------------------------


class Papers(dy.Schema):
    """One row per (list_date, paper_id): the listing as last seen."""

    list_date = list_date()
    paper_id = paper_id()
    rank = rank()
    upvotes = upvotes()
    comment_count = comment_count()
    submitted_at = submitted_at()
    submitted_by = submitted_by()
    first_seen_at = first_seen_at()
    last_seen_at = last_seen_at()
    delisted_at = delisted_at()
    title = title()
    authors = authors()
    published_at = published_at()
    hub_abstract = hub_abstract()
    is_withdrawn = is_withdrawn()
    organization = organization()
    github_repo = github_repo()
    github_stars = github_stars()
    project_page = project_page()
    thumbnail_url = thumbnail_url()
    media_urls = media_urls()
    ai_summary = ai_summary()
    ai_keywords = ai_keywords()


class Votes(dy.Schema):
    """One row per (list_date, paper_id, observed_at): votes whenever a fetch found them changed."""

    list_date = list_date()
    paper_id = paper_id()
    observed_at = _utc("Fetch that found these counts (UTC).", nullable=False, key=True)
    upvotes = upvotes()
    comment_count = comment_count()


class Abstracts(dy.Schema):
    """One row per paper_id: the best English title and abstract and where they came from."""

    paper_id = paper_id()
    title = title()
    abstract = abstract(nullable=False)
    abstract_source = abstract_source(nullable=False)
    arxiv_authors = dy.List(
        dy.String(nullable=False, min_length=1),
        nullable=True,
        metadata=_says("arXiv's author list, in order."),
    )
    arxiv_published_at = _utc("First version on arXiv (UTC).", nullable=True)
    categories = categories()
    primary_category = primary_category()
    fetched_at = _utc("Fetch that brought this row (UTC).", nullable=False)


class Translations(dy.Schema):
    """One row per (paper_id, source_sha256, recipe_id): what became of one translation.

    A rejected row keeps the Korean of its best answer for whoever looks into it; RELEASE does not.
    """

    paper_id = paper_id()
    source_sha256 = source_sha256(key=True)
    recipe_id = dy.String(
        primary_key=True,
        min_length=1,
        metadata=_says("Short hash of model, prompt, glossary, parameters, content and judge."),
    )
    translation_status = translation_status("ok", "rejected")
    title_ko = title_ko()
    abstract_ko = abstract_ko()
    summary_ko = summary_ko()
    translation_issues = translation_issues()
    model = model()
    prompt_version = prompt_version()
    translated_at = translated_at()
    rounds = dy.Int32(
        nullable=False,
        min=1,
        metadata=_says(
            "Conversations that were begun for this row; each run that finds it rejected begins one."
        ),
    )
    answers = _answers()
    calls = _tokens("Model answers that were paid for this row, re-asks and judge included.")
    input_tokens = _tokens("Input tokens over all those answers, as the service reported them.")
    cached_tokens = _tokens("Of input_tokens, those the service read from its prompt cache.")
    output_tokens = _tokens("Output tokens over all those answers, reasoning included.")
    reasoning_tokens = _tokens("Of output_tokens, those that went into reasoning.")
    cost_usd = dy.Float64(
        nullable=True,
        min=0,
        metadata=_says("US dollars for all those answers; null while the price of one is unknown."),
    )

    @dy.rule()
    def status_is_borne_out(cls) -> pl.Expr:
        """An ok row has Korean and no error; a rejected row says why."""
        is_faulty = (
            pl.col("translation_issues").list.eval(pl.element().struct["severity"] == "error").list.any()
        )
        korean = pl.col("title_ko").is_not_null() & pl.col("summary_ko").is_not_null()
        return pl.when(pl.col("translation_status") == "ok").then(korean & ~is_faulty).otherwise(is_faulty)


class Corrections(dy.Schema):
    """One row per (paper_id, source_sha256, corrected_at): a person's Korean of a paper, or its taking back.

    Rows are only added. A correction stands until a row takes it back; the newest standing one counts.
    """

    paper_id = paper_id()
    source_sha256 = source_sha256(key=True)
    corrected_at = corrected_at(key=True)
    takes_back = _utc(
        "corrected_at of the correction that this row takes back; null for a correction.", nullable=True
    )
    title_ko = title_ko()
    abstract_ko = abstract_ko()
    summary_ko = summary_ko()
    translation_issues = translation_issues()
    corrected_by = dy.String(
        nullable=False, min_length=1, metadata=_says("Who decided, in their words; never published.")
    )
    correction_reason = dy.String(
        nullable=False, min_length=1, metadata=_says("Why, in their words; never published.")
    )
    status_before = dy.String(
        nullable=False,
        check=_one_of(STATUSES),
        metadata=_says("translation_status that the release had until then."),
    )
    title_before = dy.String(nullable=True, metadata=_says("title_ko that the release had until then."))
    abstract_before = dy.String(nullable=True, metadata=_says("abstract_ko that the release had until then."))
    summary_before = dy.List(
        dy.Struct({"section": dy.String(nullable=True), "text": dy.String(nullable=False)}),
        nullable=True,
        metadata=_says("summary_ko that the release had until then."),
    )
    model = model()
    prompt_version = prompt_version()
    translated_at = translated_at()

    @dy.rule()
    def only_a_correction_has_korean(cls) -> pl.Expr:
        """A correction has Korean; a row that takes one back has none."""
        korean = pl.any_horizontal(pl.col("title_ko", "abstract_ko", "summary_ko").is_not_null())
        return korean == pl.col("takes_back").is_null()


class Archive(dy.Schema):
    """One row per (list_date, paper_id): a paper as the predecessor's Markdown logs have it."""

    list_date = list_date()
    paper_id = paper_id()
    rank = rank()
    title = title()
    upvotes = upvotes(nullable=True)
    authors = authors()
    is_authors_truncated = dy.Bool(
        nullable=False, metadata=_says("The log leaves authors out, which it shows as a plus sign.")
    )
    thumbnail_url = thumbnail_url()
    media_urls = media_urls()
    summary_ko = summary_ko()
    repairs = dy.List(
        dy.String(nullable=False),
        nullable=False,
        metadata=_says("What was changed to make this row of the log's text, by name; raw has the text."),
    )
    model = model()
    file = dy.String(nullable=False, metadata=_says("File of the log tree, relative to its root."))
    line = dy.Int32(nullable=False, min=1, metadata=_says("Line of the file where the paper begins."))
    layout = dy.String(nullable=False, metadata=_says("What it takes to render raw again from the columns."))
    raw = dy.String(nullable=False, metadata=_says("The paper's lines as they stand in the log."))


class Rejected(dy.Schema):
    """One row per record that a step refused, kept whole."""

    list_date = list_date()
    step = dy.String(primary_key=True, metadata=_says("Step that refused the record."))
    row_sha256 = dy.String(
        primary_key=True, regex=SHA256_PATTERN, metadata=_says("SHA-256 of the refused record.")
    )
    paper_id = paper_id(key=False)
    reason = dy.String(nullable=False, metadata=_says("Reason by name."))
    detail = dy.String(nullable=False, metadata=_says("What was expected and what came."))
    row = dy.String(nullable=False, metadata=_says("The record as it came."))
    rejected_at = _utc("Fetch that brought it first (UTC).", nullable=False)


class Release(dy.Schema):
    """RELEASE: one row per (list_date, paper_id), the product."""

    list_date = list_date()
    rank = rank()
    paper_id = paper_id()
    upvotes = upvotes(nullable=True)
    comment_count = comment_count()
    submitted_at = submitted_at()
    submitted_by = submitted_by()
    first_seen_at = first_seen_at(nullable=True)
    last_seen_at = last_seen_at(nullable=True)
    delisted_at = delisted_at()
    title = title()
    authors = authors()
    published_at = published_at()
    abstract = abstract()
    abstract_source = abstract_source()
    categories = categories()
    primary_category = primary_category()
    is_withdrawn = is_withdrawn()
    organization = organization()
    github_repo = github_repo()
    github_stars = github_stars()
    project_page = project_page()
    thumbnail_url = thumbnail_url()
    media_urls = media_urls()
    ai_summary = ai_summary()
    ai_keywords = ai_keywords()
    title_ko = title_ko()
    abstract_ko = abstract_ko()
    summary_ko = summary_ko()
    translation_status = translation_status(*STATUSES)
    translation_issues = translation_issues()
    model = model()
    prompt_version = prompt_version()
    source_sha256 = source_sha256()
    translated_at = translated_at()
    corrected_at = corrected_at()


class Parallel(dy.Schema):
    """PARALLEL: one row per (paper_id, field), a text in English and its Korean that passed the gate.

    Its list_date is the first list that the paper stood on.
    """

    en = dy.String(
        nullable=False,
        min_length=1,
        metadata=_says(
            "English text. For title and abstract the text that ko translates; for a summary the abstract, "
            "which ko sums up: no sentence of one stands for a sentence of the other."
        ),
    )
    ko = dy.String(nullable=False, min_length=1, metadata=_says("Machine Korean text."))
    field = dy.String(
        primary_key=True,
        regex=r"^(title|abstract|summary(/.+)?)$",
        metadata=_says(
            "title, abstract, or summary/ and the name of its section. Translations are title and abstract."
        ),
    )
    paper_id = paper_id()
    list_date = list_date(key=False)
    model = model()
    issues = _issues("What the quality gate found in this text; empty when nothing.")


@dataclass(frozen=True, eq=False)
class Table:
    """A table of the lake: its folder, its contract and the month its rows live in."""

    name: str
    schema: type[dy.Schema]
    month: pl.Expr
    """Expression giving the partition of a row, "YYYY-MM"."""

    @property
    def key(self) -> list[str]:
        """Column names of the primary key, in table order."""
        return self.schema.primary_key()

    @property
    def folder(self) -> str:
        """Last part of the name: the folder of a published table within the dataset."""
        return self.name.rpartition("/")[2]

    def empty(self) -> pl.DataFrame:
        """A frame with every column of the contract and no rows."""
        return self.schema.create_empty()


_LISTING_MONTH = pl.col("list_date").dt.strftime("%Y-%m")
# A paper has one row whatever lists it stands on, so its month is the one its arXiv id begins with.
_PAPER_MONTH = pl.format("20{}-{}", pl.col("paper_id").str.slice(0, 2), pl.col("paper_id").str.slice(2, 2))

PAPERS = Table("papers", Papers, _LISTING_MONTH)
VOTES = Table("votes", Votes, _LISTING_MONTH)
REJECTED = Table("rejected", Rejected, _LISTING_MONTH)
ARCHIVE = Table("archive", Archive, _LISTING_MONTH)
ABSTRACTS = Table("abstracts", Abstracts, _PAPER_MONTH)
TRANSLATIONS = Table("translations", Translations, _PAPER_MONTH)
CORRECTIONS = Table("corrections", Corrections, _PAPER_MONTH)
RELEASE = Table("release/dataset/data", Release, _LISTING_MONTH)
TABLES = (PAPERS, VOTES, ABSTRACTS, TRANSLATIONS, CORRECTIONS, ARCHIVE, REJECTED, RELEASE)

PUBLISHED_VOTES = Table("release/dataset/votes", Votes, _LISTING_MONTH)
PARALLEL = Table("release/dataset/parallel", Parallel, _LISTING_MONTH)
CONFIGS = {"papers": RELEASE, "votes": PUBLISHED_VOTES, "parallel": PARALLEL}
"""What researchers load, by the name they load it with; the first is the default."""
SCHEMA_VERSION = "1.1.0"
"""Version of the columns of CONFIGS, in every published file and on the card. A column that goes or changes
its type makes a new major version, a new column a new minor one: tests/schemas/test_features.py."""
