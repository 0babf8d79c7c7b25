"""transforms/ decides: pure functions from tables and text to tables and text.

Nothing here touches the network, the disk, the clock, the environment or Prefect; a lint rule
(pyproject.toml, TID251) and tests/test_architecture.py keep it so.
"""
