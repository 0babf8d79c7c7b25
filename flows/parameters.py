"""Types of flow parameters that several flows share: what Prefect's form shows and refuses.

Called by the flows.
"""

from typing import Annotated

from pydantic import Field

Days = Annotated[int, Field(ge=0, le=60)]
"""Days to look back."""
# A bound of the form alone: a run answers a wrong limit with its own sentence (flows/budget.py).
Dollars = Annotated[float, Field(json_schema_extra={"minimum": 0})]
"""US dollars."""
