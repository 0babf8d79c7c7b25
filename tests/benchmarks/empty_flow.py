"""The least that Prefect can do: an async flow whose body makes one request.

Argument: the address to ask. Started from the project's folder, it runs with the project's prefect.toml.
"""

import asyncio
import sys
import urllib.request

from prefect import flow


@flow
async def empty(url: str) -> None:
    """Make one request, so that the sandbox's log tells when a flow's body runs."""
    urllib.request.urlopen(url, timeout=30).close()


if __name__ == "__main__":
    asyncio.run(empty(sys.argv[1]))
