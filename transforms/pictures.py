"""Small frames of transforms/trends.py into two pictures: papers and votes per week, categories over time.

One picture serves light and dark pages: the background is transparent and every colour is a middle tone,
with the same contrast to white as to near-black. Times are given to the chart as milliseconds UTC, since it
would read a date in the machine's own zone. Drawing is done by flows/pictures.py. Only who draws should
import this: altair takes most of a second to load.
"""

from datetime import date, timedelta
from typing import Any, Final

import altair as alt
import polars as pl

from transforms.trends import LONGEST_BY_DAY, REST

FONT: Final = "Noto Sans KR, Apple SD Gothic Neo, Malgun Gothic, sans-serif"
"""The first draws the PNG; an SVG is drawn by its reader's machine, so the usual Korean fonts follow."""
_INK: Final = "#797979"
"""4.3 : 1 against white and against the dark pages of GitHub and the Hub."""
_GRID: Final = "#79797940"
_BLUE: Final = "#4f83c4"
_ORANGE: Final = "#d9772b"
_PALETTE: Final = ("#4f83c4", "#d9772b", "#4c9f70", "#a76bb8", "#c65b6b", "#9a8a3a")
_REST_COLOUR: Final = "#8d8d8d"
_WIDTH: Final = 760
_LEGEND_WIDTH: Final = 190
_PANEL_HEIGHT: Final = 140
_MIN_WEEKS: Final = 8
"""A young dataset is shown on an axis of two months, not as one bar across the page."""
_MAX_TICKS: Final = 14
_MAX_LARGE_DOTS: Final = 52
_CATEGORY_NAMES: Final = {
    "cs.AI": "인공지능",
    "cs.CL": "자연어 처리",
    "cs.CR": "보안",
    "cs.CV": "컴퓨터 비전",
    "cs.CY": "컴퓨터와 사회",
    "cs.DC": "분산 컴퓨팅",
    "cs.GR": "그래픽스",
    "cs.HC": "인간-컴퓨터 상호작용",
    "cs.IR": "정보 검색",
    "cs.LG": "기계 학습",
    "cs.MA": "다중 에이전트",
    "cs.MM": "멀티미디어",
    "cs.NE": "신경·진화 컴퓨팅",
    "cs.RO": "로봇",
    "cs.SD": "소리",
    "cs.SE": "소프트웨어 공학",
    "eess.AS": "음성·오디오",
    "eess.IV": "영상 처리",
    "stat.ML": "통계적 기계 학습",
    REST: "그 외",
}


def papers_and_votes_per_week(weeks: pl.DataFrame) -> alt.VConcatChart:
    """Two panels over the same WEEKS: how many papers there are, and how many votes the middle one has."""
    title = "주별 논문 수와 추천 중앙값"
    first, last = _span(weeks["week"])
    if not (first and last):
        return _nothing(title)
    # Six days wide: the seventh parts a bar from the next.
    values = weeks.select(
        start=_moment(pl.col("week")),
        middle=_moment(pl.col("week") + pl.duration(days=3)),
        until=_moment(pl.col("week") + pl.duration(days=6)),
        papers=pl.col("papers"),
        median_upvotes=pl.col("median_upvotes"),
    )
    time = _Time(first, last, last + timedelta(weeks=1))
    base = alt.Chart(_data(values)).properties(width=_WIDTH, height=_PANEL_HEIGHT)
    papers = base.mark_rect(color=_BLUE).encode(
        x=alt.X("start:T", scale=time.scale, axis=None),
        x2="until:T",
        y=alt.Y("papers:Q", title="논문 수(편)", axis=_value_axis()),
        y2=alt.Y2Datum(0),
    )
    # Dots always: a week between two empty ones has no line to it.
    dots = alt.OverlayMarkDef(color=_ORANGE, size=30 if weeks.height <= _MAX_LARGE_DOTS else 8)
    votes = base.mark_line(
        color=_ORANGE, strokeWidth=2, point=dots, invalid="break-paths-filter-domains"
    ).encode(
        x=alt.X("middle:T", scale=time.scale, axis=time.axis),
        y=alt.Y("median_upvotes:Q", title="추천 중앙값(표)", axis=_value_axis()),
    )
    panels = alt.vconcat(papers, votes, spacing=16)
    return _styled(panels, title, time.extent(weeks["papers"]))


def categories_over_time(categories: pl.DataFrame) -> alt.VConcatChart:
    """Stacked shares of CATEGORIES per period, the most frequent at the bottom, the rest on top."""
    title = "arXiv 대표 분류의 비율"
    (first, last), (_, end) = _span(categories["start"]), _span(categories["until"])
    if not (first and last and end):
        return _nothing(title)
    order = _most_frequent_first(categories)
    place = {category: number for number, category in enumerate(order)}
    stacked = categories.sort(
        "start", pl.col("category").replace_strict(place, return_dtype=pl.Int64)
    ).with_columns(upper=pl.col("share").cum_sum().over("start"))
    length = pl.col("until") - pl.col("start")
    values = stacked.select(
        start=_moment(pl.col("start")),
        until=_moment(pl.col("until") - length / 12),
        lower=pl.col("upper") - pl.col("share"),
        upper=pl.col("upper"),
        category=pl.col("category").map_elements(_category_label, return_dtype=pl.String),
    )
    colours = [_REST_COLOUR if category == REST else _PALETTE[n] for n, category in enumerate(order)]
    time = _Time(first, last, end)
    bars = (
        alt.Chart(_data(values))
        .mark_rect()
        .encode(
            x=alt.X("start:T", scale=time.scale, axis=time.axis),
            x2="until:T",
            y=alt.Y("lower:Q", title="논문 비율", scale=alt.Scale(domain=[0, 1]), axis=_value_axis("%")),
            y2="upper:Q",
            color=alt.Color(
                "category:N",
                title=None,
                scale=alt.Scale(domain=[_category_label(category) for category in order], range=colours),
                # The legend reads from top to bottom as the bars do.
                legend=alt.Legend(values=[_category_label(category) for category in reversed(order)]),
            ),
        )
        .properties(width=_WIDTH - _LEGEND_WIDTH, height=2 * _PANEL_HEIGHT)
    )
    return _styled(alt.vconcat(bars), title, time.extent(categories["papers"]))


class _Time:
    """The time axis of a picture: its scale, its ticks and the periods it tells of."""

    def __init__(self, first: date, last: date, end: date) -> None:
        self.first = first
        self.last = last
        self.is_weekly = end - last <= timedelta(weeks=1)
        begin = min(first, end - timedelta(weeks=_MIN_WEEKS))
        self.scale = alt.Scale(type="utc", domain=[_milliseconds(begin), _milliseconds(end)])
        ticks, label = _ticks(begin, end)
        self.axis = alt.Axis(title=None, values=ticks, labelExpr=label, grid=False, labelOverlap=True)

    def extent(self, papers: pl.Series) -> str:
        """What the picture covers, in words."""
        if self.is_weekly:
            return f"{self.first.isoformat()} 주부터 {self.last.isoformat()} 주까지 {papers.sum():,}편"
        months = [f"{day.year}년 {day.month}월" for day in (self.first, self.last)]
        return f"{months[0]}부터 {months[1]}까지 {papers.sum():,}편"


def _ticks(begin: date, end: date) -> tuple[list[int], str]:
    """A dozen ticks at most, on Mondays or on the first of a month, and Vega's expression of a label."""
    if end - begin <= LONGEST_BY_DAY:
        monday = begin + timedelta(days=-begin.weekday() % 7)
        weeks = (end - monday).days // 7
        step = 1 + weeks // _MAX_TICKS
        ticks = [monday + timedelta(weeks=week) for week in range(0, weeks + 1, step)]
        return [*map(_milliseconds, ticks)], "utcFormat(datum.value, '%-m월 %-d일')"
    months = [date(number // 12, number % 12 + 1, 1) for number in range(_month(begin), _month(end) + 1)]
    step = next(step for step in (1, 2, 3, 6, 12, len(months)) if len(months) / step <= _MAX_TICKS)
    ticks = [month for month in months if (month.month - 1) % step == 0 and begin <= month <= end]
    january = "utcFormat(datum.value, '%m') == '01'"
    label = f"{january} ? utcFormat(datum.value, '%Y년') : utcFormat(datum.value, '%-m월')"
    return [*map(_milliseconds, ticks)], label


def _month(day: date) -> int:
    return day.year * 12 + day.month - 1


def _nothing(title: str) -> alt.VConcatChart:
    note = alt.Chart(alt.InlineData(values=[{}])).mark_text(
        text="아직 자료가 없습니다.", color=_INK, fontSize=14
    )
    return _styled(alt.vconcat(note.properties(width=_WIDTH, height=_PANEL_HEIGHT)), title, "")


def _most_frequent_first(categories: pl.DataFrame) -> list[str]:
    totals = categories.group_by("category").agg(pl.col("papers").sum())
    ordered = totals.sort(pl.col("category") == REST, "papers", "category", descending=[False, True, False])
    return ordered["category"].to_list()


def _category_label(category: str) -> str:
    name = _CATEGORY_NAMES.get(category)
    return name if name and category == REST else f"{name} {category}" if name else category


def _span(days: pl.Series) -> tuple[date | None, date | None]:
    first, last = days.min(), days.max()
    return (first, last) if isinstance(first, date) and isinstance(last, date) else (None, None)


def _moment(day: pl.Expr) -> pl.Expr:
    return day.cast(pl.Date).dt.epoch("ms")


def _milliseconds(day: date) -> int:
    return (day - date(1970, 1, 1)) // timedelta(milliseconds=1)


def _data(values: pl.DataFrame) -> alt.InlineData:
    return alt.InlineData(values=values.to_dicts())


def _value_axis(number_format: str = "d") -> alt.Axis:
    return alt.Axis(format=number_format, tickCount=4, domain=False, ticks=False)


def _styled(chart: alt.VConcatChart, title: str, subtitle: str) -> alt.VConcatChart:
    heading = alt.TitleParams(title, subtitle=subtitle, anchor="start", frame="group", offset=14)
    text: dict[str, Any] = {"labelFontSize": 13, "titleFontSize": 13, "labelColor": _INK, "titleColor": _INK}
    styled: alt.VConcatChart = chart.properties(title=heading, padding=8).configure(
        # Descriptions of single marks would spell times in the machine's own zone; the page's alt text tells.
        aria=False,
        font=FONT,
        background="transparent",
        view=alt.ViewConfig(stroke=None),
        axis=alt.AxisConfig(
            gridColor=_GRID, domainColor=_INK, tickColor=_INK, titleFontWeight="normal", **text
        ),
        legend=alt.LegendConfig(symbolType="square", symbolSize=140, rowPadding=6, labelLimit=200, **text),
        title=alt.TitleConfig(
            color=_INK,
            fontSize=17,
            fontWeight="normal",
            subtitleColor=_INK,
            subtitleFontSize=13,
            subtitlePadding=6,
        ),
    )
    return styled
