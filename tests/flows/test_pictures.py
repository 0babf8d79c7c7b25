"""The two pictures as files: well-formed, Korean, self-contained, the same each time."""

import os
import struct
import subprocess
import sys
import zlib
from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest
import vl_convert
from lxml import etree

from flows.pictures import PNG_SCALE, svg_and_png
from transforms.pictures import FONT, categories_over_time, papers_and_votes_per_week
from transforms.trends import papers_and_votes_by_week, papers_by_category

ROOT = Path(__file__).parents[2]
SVG = "{http://www.w3.org/2000/svg}"
CATEGORIES = ("cs.CL", "cs.CV", "cs.LG", "cs.RO", "cs.SD", "cs.AI", "q-bio.QM", "math.OC")


def listings(days: int, start: date = date(2024, 1, 1)) -> pl.DataFrame:
    """A few papers on every day, their categories in turn."""
    return pl.DataFrame(
        [
            (start + timedelta(days=day), day % 30, CATEGORIES[(day + paper) % len(CATEGORIES)])
            for day in range(days)
            for paper in range(3)
        ],
        schema={"list_date": pl.Date, "upvotes": pl.Int64, "primary_category": pl.String},
        orient="row",
    )


def drawn(days: int) -> list[tuple[bytes, bytes]]:
    rows = listings(days)
    return [
        svg_and_png(papers_and_votes_per_week(papers_and_votes_by_week(rows))),
        svg_and_png(categories_over_time(papers_by_category(rows))),
    ]


def size_of(png: bytes) -> tuple[int, int]:
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", png[16:24])
    return width, height


@pytest.mark.parametrize("days", [0, 1, 3, 40, 1100])
def test_pictures_are_svg_with_korean_text_and_nothing_from_elsewhere(days: int) -> None:
    for svg, _ in drawn(days):
        root = etree.fromstring(svg)
        assert root.tag == f"{SVG}svg"
        words = "".join(root.itertext())
        assert any("가" <= letter <= "힣" for letter in words)
        names = {element.tag for element in root.iter()}
        assert names <= {f"{SVG}{name}" for name in ("svg", "g", "path", "text", "line", "rect")}
        attributes = {(name, value) for element in root.iter() for name, value in element.attrib.items()}
        assert not [name for name, _ in attributes if name.startswith("on") or name.endswith("href")]
        assert not [value for _, value in attributes if "url(" in value or "//" in value]
        assert {value for name, value in attributes if name == "font-family"} == {FONT}


@pytest.mark.parametrize("days", [0, 3, 1100])
def test_a_png_has_the_size_of_its_svg_and_is_as_wide_as_a_page(days: int) -> None:
    for svg, png in drawn(days):
        root = etree.fromstring(svg)
        width, height = size_of(png)
        assert width == pytest.approx(float(root.get("width")) * PNG_SCALE, abs=2)
        assert height == pytest.approx(float(root.get("height")) * PNG_SCALE, abs=2)
        assert 700 < float(root.get("width")) < 900
        assert len(png) < 200_000


def test_a_category_forges_no_markup() -> None:
    name = "<b>&'\"x"
    rows = listings(3).with_columns(pl.lit(name).alias("primary_category"))
    svg, _ = svg_and_png(categories_over_time(papers_by_category(rows)))
    assert name in "".join(etree.fromstring(svg).itertext())


def test_three_days_are_no_bar_across_the_page() -> None:
    (svg, _), _ = drawn(3)
    marks = [
        group for group in etree.fromstring(svg).iter(f"{SVG}g") if "mark-rect" in group.get("class", "")
    ]
    bars = [float(path.get("d", "").partition("h")[2].partition("v")[0]) for path in marks[0]]
    assert len(bars) == 1
    assert 0 < bars[0] < 120


def test_a_png_is_as_vl_convert_drew_it() -> None:
    svg, png = drawn(3)[1]
    assert pixels_of(png) == pixels_of(vl_convert.svg_to_png(svg.decode(), scale=PNG_SCALE))


def pixels_of(png: bytes) -> bytes:
    """The pixels of a PNG, still filtered; every chunk's checksum is right."""
    place, pixels = 8, b""
    while place < len(png):
        (length,) = struct.unpack_from(">I", png, place)
        end = place + 8 + length
        assert struct.unpack_from(">I", png, end) == (zlib.crc32(png[place + 4 : end]),)
        pixels += png[place + 8 : end] if png[place + 4 : place + 8] == b"IDAT" else b""
        place = end + 4
    return zlib.decompress(pixels)


def test_the_same_rows_give_the_same_bytes() -> None:
    assert drawn(90) == drawn(90)


def test_another_process_in_another_time_zone_draws_the_same() -> None:
    code = (
        "import hashlib, sys; sys.path[:0] = ['tests/flows', '.']\n"
        "from test_pictures import drawn\n"
        "print(hashlib.sha256(b''.join(b''.join(pair) for pair in drawn(90))).hexdigest())"
    )
    hashes = {
        subprocess.run(
            [sys.executable, "-c", code],
            cwd=ROOT,
            env={"PATH": os.environ["PATH"], "TZ": zone, "LC_ALL": "C", "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for zone, seed in (("Pacific/Kiritimati", "1"), ("America/Los_Angeles", "2"))
    }
    assert len(hashes) == 1
    assert len(hashes.pop().strip()) == 64
