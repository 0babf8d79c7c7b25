"""RFC 4287 as a RELAX NG grammar, stricter where the feed promises more: what the feed's tests hold it to."""

from typing import Final

import lxml.etree

ATOM: Final = "{http://www.w3.org/2005/Atom}"
_HUB = r"https://huggingface\.co/papers"
_WHEN = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+\-]\d\d:\d\d)"
_TAG = r"tag:[a-z0-9.\-]+,\d{4}(-\d\d(-\d\d)?)?:[0-9a-zA-Z;/?:@&amp;=+$.\-_!~*'()%#,]+"


def _text(name: str, pattern: str) -> str:
    return f'<element name="{name}">{_matching(pattern)}</element>'


def _matching(pattern: str) -> str:
    return f'<data type="string"><param name="pattern">{pattern}</param></data>'


def _links(**patterns: str) -> str:
    """Links of these relations; RELAX NG cannot count elements of one name, so ``atom`` does."""
    kinds = "".join(
        f'<group>{_rel(rel)}<attribute name="href">{_matching(pattern)}</attribute></group>'
        for rel, pattern in patterns.items()
    )
    return f'<oneOrMore><element name="link"><choice>{kinds}</choice></element></oneOrMore>'


def _rel(rel: str) -> str:
    """The relation; a link that states none is an alternate one."""
    stated = f'<attribute name="rel"><value>{rel}</value></attribute>'
    return f"<optional>{stated}</optional>" if rel == "alternate" else stated


_ENTRY = "".join(
    (
        _text("id", _TAG),
        _text("title", r"\d{4}-\d\d-\d\d \([월화수목금토일]\) 논문 [\d,]+편"),
        _text("updated", _WHEN),
        _text("published", _WHEN),
        _links(alternate=_HUB + r"/date/\d{4}-\d\d-\d\d"),
        '<element name="content"><attribute name="type"><value>html</value></attribute><text/></element>',
    )
)
_FEED = "".join(
    (
        '<attribute name="lang" ns="http://www.w3.org/XML/1998/namespace"><value>ko</value></attribute>',
        _text("id", _TAG),
        _text("title", ".+"),
        _text("subtitle", ".+"),
        _text("rights", ".+"),
        _text("generator", ".+"),
        _text("updated", _WHEN),
        f"<element name='author'>{_text('name', '.+')}</element>",
        _links(self=r"feed\.xml", alternate=_HUB),
        f"<zeroOrMore><element name='entry'><interleave>{_ENTRY}</interleave></element></zeroOrMore>",
    )
)
_GRAMMAR = (
    '<element name="feed" xmlns="http://relaxng.org/ns/structure/1.0" ns="http://www.w3.org/2005/Atom" '
    'datatypeLibrary="http://www.w3.org/2001/XMLSchema-datatypes">'
    f"<interleave>{_FEED}</interleave></element>"
)
_RULES = lxml.etree.RelaxNG(lxml.etree.fromstring(_GRAMMAR))


def atom(document: str) -> lxml.etree._Element:
    """The document's root; asserts that it is a valid feed with ids of its own and times in order."""
    tree = lxml.etree.fromstring(document.encode(), lxml.etree.XMLParser(resolve_entities=False))
    _RULES.assertValid(tree)
    for element in (tree, *tree.iter(f"{ATOM}entry")):
        relations = [link.get("rel", "alternate") for link in element.findall(f"{ATOM}link")]
        assert len(set(relations)) == len(relations)
        assert "alternate" in relations
    ids = [element.text for element in tree.iter(f"{ATOM}id")]
    assert len(set(ids)) == len(ids)
    newest = tree.findtext(f"{ATOM}updated")
    for entry in tree.iter(f"{ATOM}entry"):
        published, updated = (entry.findtext(f"{ATOM}{name}") for name in ("published", "updated"))
        assert published is not None
        assert updated is not None
        assert newest is not None
        # All are written in UTC and in the same form, so that text compares as time does.
        assert published <= updated <= newest
    return tree
