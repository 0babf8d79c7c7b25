"""Loopback stand-ins of Daily Papers, arXiv and the model: real HTTP, so that the real clients run."""
