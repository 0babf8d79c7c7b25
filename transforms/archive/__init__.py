"""The predecessor's Markdown documents, logs and READMEs, as tables: every line a field, or kept as unparsed.

``document`` parts a text into day headings, papers and the page's own lines. ``usual`` reads the papers of
the form that most logs have, ``block`` and ``summary`` those of any form, with ``words`` and ``parts`` for
what stands in their lines. ``layout`` renders them again byte for byte; ``table`` makes ARCHIVE rows. Called
by flows/import_archive.py.
"""

from transforms.archive.document import Document, Section, Unparsed, parsed, path_date, rendered
from transforms.archive.layout import Paper, is_exact, rendered_paper
from transforms.archive.table import ArchiveRows, archive_rows

__all__ = [
    "ArchiveRows",
    "Document",
    "Paper",
    "Section",
    "Unparsed",
    "archive_rows",
    "is_exact",
    "parsed",
    "path_date",
    "rendered",
    "rendered_paper",
]
