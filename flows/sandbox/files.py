"""The file service stand-in: what is uploaded for batches and what batches put out, in memory.

Called by flows/sandbox/batches.py.
"""

import time
import uuid
from dataclasses import dataclass
from email.parser import BytesParser
from typing import Any

from starlette.requests import Request

from flows.sandbox.faults import Fault
from flows.sandbox.model import error_reply
from flows.sandbox.reply import Reply, json_reply


@dataclass(frozen=True)
class StoredFile:
    """One file."""

    file_id: str
    name: str
    purpose: str
    created_at: int
    content: bytes

    def as_json(self) -> dict[str, Any]:
        """The file as the service describes it."""
        return {
            "id": self.file_id,
            "object": "file",
            "bytes": len(self.content),
            "created_at": self.created_at,
            "filename": self.name,
            "purpose": self.purpose,
            "status": "processed",
        }


class Files:
    """``/v1/files``."""

    def __init__(self) -> None:
        self._files: dict[str, StoredFile] = {}

    def get(self, file_id: str) -> StoredFile | None:
        """The file, if there is one."""
        return self._files.get(file_id)

    def add(self, name: str, purpose: str, content: bytes) -> StoredFile:
        """Store a file; its description."""
        file = StoredFile(f"file-{uuid.uuid4().hex}", name, purpose, int(time.time()), content)
        self._files[file.file_id] = file
        return file

    def upload(self, request: Request, body: bytes, fault: Fault | None) -> Reply:
        """``POST /v1/files``: 400 unless it is a form with a purpose and a file."""
        fields = form_fields(request.headers.get("content-type", ""), body)
        if "purpose" not in fields or "file" not in fields:
            return error_reply(400, "Expected a multipart form with purpose and file.")
        purpose, (name, content) = fields["purpose"][1].decode(), fields["file"]
        return json_reply(self.add(name or "upload", purpose, content).as_json())

    def describe(self, request: Request, body: bytes, fault: Fault | None) -> Reply:
        """``GET /v1/files/{id}``."""
        file = self.get(request.path_params["id"])
        return json_reply(file.as_json()) if file else self._not_there(request)

    def content(self, request: Request, body: bytes, fault: Fault | None) -> Reply:
        """``GET /v1/files/{id}/content``."""
        file = self.get(request.path_params["id"])
        return Reply(file.content, "application/octet-stream") if file else self._not_there(request)

    def delete(self, request: Request, body: bytes, fault: Fault | None) -> Reply:
        """``DELETE /v1/files/{id}``."""
        file = self._files.pop(request.path_params["id"], None)
        if file is None:
            return self._not_there(request)
        return json_reply({"id": file.file_id, "object": "file", "deleted": True})

    def _not_there(self, request: Request) -> Reply:
        return error_reply(404, f"No such File object: {request.path_params['id']}")


def form_fields(content_type: str, body: bytes) -> dict[str, tuple[str | None, bytes]]:
    """File name (if any) and content of each field of a multipart form, by name."""
    boundary = _header(f"Content-Type: {content_type}".encode(), "content-type", "boundary")
    if not boundary:
        return {}
    fields: dict[str, tuple[str | None, bytes]] = {}
    for part in body.split(b"--" + boundary.encode())[1:-1]:
        head, _, content = part.partition(b"\r\n\r\n")
        if name := _header(head.lstrip(), "content-disposition", "name"):
            file_name = _header(head.lstrip(), "content-disposition", "filename")
            # Only the last line break is the form's; the file may end in one of its own.
            fields[name] = (file_name, content.removesuffix(b"\r\n"))
    return fields


def _header(head: bytes, header: str, parameter: str) -> str | None:
    found = BytesParser().parsebytes(head, headersonly=True).get_param(parameter, header=header)
    return found if isinstance(found, str) else None
