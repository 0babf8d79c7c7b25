"""The Hub's page of a paper as Markdown, made from the day lists: the same words under a paper's headings.

It says nothing that the abstract does not say, so that what is made from it can be judged by the abstract.
Called by flows/sandbox/app.py.
"""

from starlette.requests import Request

from flows.sandbox.daily_papers import PayloadStore
from flows.sandbox.faults import Call, Fault
from flows.sandbox.pseudo import sentences
from flows.sandbox.reply import Reply, json_reply

_SECTIONS = ("1 Introduction", "2 Method", "3 Results")


class PaperPages:
    """``GET /papers/{paper_id}.md``."""

    def __init__(self, store: PayloadStore) -> None:
        self._store = store

    def call(self, request: Request, body: bytes) -> Call:
        """The paper that is asked for."""
        paper_id = request.path_params["paper_id"]
        return Call("paper_pages", paper_id, paper_ids=frozenset({paper_id}))

    def refusal(self, request: Request) -> Reply | None:
        """Nothing: anyone may ask."""
        return None

    def reply(self, request: Request, body: bytes, fault: Fault | None) -> Reply:
        """The page; 404 for a paper that no list has."""
        paper_id = request.path_params["paper_id"]
        paper = next((paper for paper in self._store.papers() if paper["id"] == paper_id), None)
        if paper is None:
            return json_reply({"error": "Paper not found"}, 404)
        said = sentences(str(paper.get("summary") or ""))
        third = -(-len(said) // len(_SECTIONS)) or 1
        parts = [said[start : start + third] for start in range(0, len(said), third)]
        lines = [f"# {paper.get('title', paper_id)}", "", "## Abstract", "", *said, ""]
        for heading, part in zip(_SECTIONS, parts, strict=False):
            lines += [f"## {heading}", "", *part, ""]
        lines += ["## References", "", "[1] The sandbox.", ""]
        return Reply("\n".join(lines).encode("utf-8", "surrogatepass"), "text/markdown; charset=utf-8")
