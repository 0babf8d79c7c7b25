"""One small class for each outside service; no table logic."""
