"""One chat completion request: what is asked of which model, and the body it is sent as.

The same request goes over the wire one by one or as a line of a batch, and its answer is kept under the
same name either way. Called by transforms/conversation.py, which makes requests, and by flows/clients/,
which send them.
"""

from typing import Any, Literal, NamedTuple

Structured = Literal["strict", "json_object", "prompt"]
"""How a service is held to JSON: by a schema it enforces, by its JSON mode, or by the prompt alone."""


class ChatRequest(NamedTuple):
    """A chat completion that is to be paid for."""

    paper_id: str
    """What is asked about, for names of files and errors."""
    model: str
    messages: list[dict[str, str]]
    schema_name: str
    schema: dict[str, Any]
    """JSON Schema of the answer: types, descriptions and required keys only."""
    parameters: dict[str, Any]
    """Further fields of the body that the recipe sets (temperature, reasoning_effort, …)."""

    def body(self, structured: Structured) -> dict[str, Any]:
        """The JSON body of ``POST /v1/chat/completions``; every answer is checked by us all the same."""
        body = {"model": self.model, "messages": self.messages, **self.parameters}
        if structured == "strict":
            schema = {"name": self.schema_name, "schema": self.schema, "strict": True}
            body["response_format"] = {"type": "json_schema", "json_schema": schema}
        elif structured == "json_object":
            body["response_format"] = {"type": "json_object"}
        return body
