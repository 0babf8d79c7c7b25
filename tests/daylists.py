"""Day lists in the wire shape of 2026, made of our own words, for the sandbox to serve."""

import json
from pathlib import Path
from typing import Any

_SUBJECTS = ("long documents", "robot arms", "speech corpora", "video scenes", "code reviews", "protein maps")


def record(paper_id: str, *, votes: int = 3, **changed: Any) -> dict[str, Any]:
    """One record of a day list; ``changed`` replaces fields of its ``paper`` object (None removes one)."""
    number = int(paper_id.replace(".", "")) if isinstance(paper_id, str) and paper_id[:1].isdigit() else 0
    subject = _SUBJECTS[number % len(_SUBJECTS)]
    title = f"Grinding {subject.title()} in Small Steps, Part {number % 100_000}"
    summary = (
        f"We study how a compact model reads {subject} without losing the thread. Our method splits every "
        f"input into {number % 37 + 2} parts and joins the answers again. It is trained for 3 days on public "
        f"data only. On our test set it reaches {number % 40 + 51}.5% accuracy and stays stable in all "
        "settings."
    )
    day = f"20{paper_id[:2]}-{paper_id[2:4]}-01T08:00:00.000Z" if number else "2026-03-01T08:00:00.000Z"
    paper: dict[str, Any] = {
        "id": paper_id,
        "authors": [
            {"_id": f"a{number}", "name": "Bo-ra Kim", "hidden": False},
            {"_id": f"b{number}", "name": "Alva Lind", "hidden": False},
        ],
        "publishedAt": day,
        "submittedOnDailyAt": day,
        "submittedOnDailyBy": {"_id": "u1", "user": "millwright", "fullname": "Mill Wright", "type": "user"},
        "title": title,
        "summary": summary,
        "upvotes": votes,
        "discussionId": f"d{number}",
        "ai_summary": "A compact model reads long inputs in parts.",
        "ai_keywords": ["compact model", "long inputs"],
    }
    paper = {name: value for name, value in (paper | changed).items() if value is not None}
    return {
        "paper": paper,
        "publishedAt": day,
        "title": paper.get("title", ""),
        "summary": paper.get("summary", ""),
        "thumbnail": f"https://example.org/thumbnails/{paper_id}.png",
        "numComments": 1,
        "submittedBy": {"_id": "u1", "name": "millwright", "fullname": "Mill Wright", "type": "user"},
        "isAuthorParticipating": False,
    }


def records(count: int, *, first: int = 1, month: str = "2603") -> list[dict[str, Any]]:
    """So many records, ids running from ``<month>.<first>``, votes falling."""
    return [record(f"{month}.{number:05d}", votes=10_000 - number) for number in range(first, first + count)]


def write_day(folder: Path, list_date: str, fetched_at: str, day: list[Any] | bytes) -> Path:
    """The stored fetch of a day's list, as records or as the very bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{list_date}@{fetched_at}-made.json"
    path.write_bytes(day if isinstance(day, bytes) else json.dumps(day, ensure_ascii=False).encode())
    return path
