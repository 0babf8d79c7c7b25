"""Draws a chart as SVG and PNG, with the Korean font that the project brings along.

A machine without fonts draws Korean as boxes, and machines with different fonts draw different bytes, so the
first family that a chart names is registered from a package. Importing this takes a second (altair and
vl-convert); only who draws should. Called by flows/release.py.
"""

import json
import struct
import zlib
from functools import cache

import altair as alt
import polars as pl
import vl_convert
from pylopdf_fonts_ko import sans_path

from transforms.pictures import categories_over_time, papers_and_votes_per_week
from transforms.trends import papers_and_votes_by_week, papers_by_category

PNG_SCALE = 2.0
"""Pixels per unit: sharp on the screens that pages are read on."""
_VEGA_LITE = ".".join(alt.SCHEMA_VERSION.removeprefix("v").split(".")[:2])


def svg_and_png(chart: alt.TopLevelMixin) -> tuple[bytes, bytes]:
    """The chart drawn twice from one description; the same chart gives the same bytes."""
    _register_font()
    # Sorted, since the bytes follow the order of the description.
    spec = json.dumps(chart.to_dict(), ensure_ascii=False, sort_keys=True)
    svg = vl_convert.vegalite_to_svg(spec, vl_version=_VEGA_LITE, allowed_base_urls=[])
    return svg.encode(), _compressed(vl_convert.svg_to_png(svg, scale=PNG_SCALE))


def _compressed(png: bytes) -> bytes:
    """The same picture in a fifth of the bytes: vl-convert writes for speed, we publish every day."""
    chunks: list[tuple[bytes, bytes]] = []
    place = 8
    while place < len(png):
        (length,) = struct.unpack_from(">I", png, place)
        chunks.append((png[place + 4 : place + 8], png[place + 8 : place + 8 + length]))
        place += length + 12
    pixels = zlib.decompress(b"".join(data for kind, data in chunks if kind == b"IDAT"))
    before = [chunk for chunk in chunks if chunk[0] not in (b"IDAT", b"IEND")]
    written = [*before, (b"IDAT", zlib.compress(pixels, 9)), (b"IEND", b"")]
    return png[:8] + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in written
    )


def pictures(listings: pl.DataFrame) -> dict[str, bytes]:
    """Both pictures as SVG and PNG by file name, from RELEASE's list_date, upvotes and primary_category."""
    charts = {
        "papers-per-week": papers_and_votes_per_week(papers_and_votes_by_week(listings)),
        "categories": categories_over_time(papers_by_category(listings)),
    }
    files = {}
    for name, chart in charts.items():
        files[f"{name}.svg"], files[f"{name}.png"] = svg_and_png(chart)
    return files


@cache
def _register_font() -> None:
    vl_convert.register_font_directory(str(sans_path().parent))
