"""Every attack of the corpus in every text of the feed, read by a feed reader and by a sanitiser."""

import feedparser
import nh3
import polars as pl
import pytest
from attacks import ATTACKS, Attack
from under_attack import shape_of

from atomrules import ATOM, atom
from tablerows import DAY, release_rows, released
from transforms.feed import COLUMNS, feed_xml
from transforms.text import encodable, plain

SHOWN = 20_000
"""Characters of an attack of size that the judges are given: they are slower than what they judge."""


def rows_saying(text: str) -> pl.DataFrame:
    texts = {
        "title": text,
        "abstract": text,
        "title_ko": text,
        "summary_ko": [{"section": text, "text": text}, {"section": None, "text": text}],
        "model": text,
    }
    statuses = ("ok", "archived", "pending", "rejected")
    rows = [
        released(f"2603.0000{rank}", rank=rank, translation_status=status, **texts)
        for rank, status in enumerate(statuses, 1)
    ]
    return release_rows(*rows).select(COLUMNS)


def entries_of(document: str) -> tuple[str, str]:
    """The newest entry's HTML as the document has it, and as feedparser hands it to a reader."""
    read = feedparser.parse(document.encode())
    assert not read.bozo
    (entry,) = read.entries
    return str(atom(document).findtext(f".//{ATOM}content")), entry.content[0].value


WRITTEN, READ = entries_of(feed_xml(rows_saying("harmless"), DAY))


@pytest.mark.parametrize("attack", ATTACKS, ids=[f"{attack.kind}: {attack.name}" for attack in ATTACKS])
def test_no_attack_adds_a_tag_a_link_or_a_picture_to_the_feed(attack: Attack) -> None:
    text = encodable(attack.text)[:SHOWN]
    document = feed_xml(rows_saying(text if plain(text) else "w"), DAY)
    written, read = entries_of(document)
    assert shape_of(written) == shape_of(WRITTEN)
    assert shape_of(read) == shape_of(READ)
    # A sanitiser that finds nothing to remove finds nothing active.
    for html in (written, read):
        assert shape_of(nh3.clean(html)) == shape_of(html)
    assert [element.tag for element in atom(document).iter()].count(f"{ATOM}entry") == 1


def test_an_attack_of_size_is_written_whole() -> None:
    largest = max((encodable(attack.text) for attack in ATTACKS), key=len)
    content = atom(feed_xml(rows_saying(largest), DAY)).findtext(f".//{ATOM}content")
    assert len(str(content)) > len(plain(largest))
