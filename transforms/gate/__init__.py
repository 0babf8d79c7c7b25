"""The checks of the quality gate, grouped by what they look at; transforms/quality.py runs them in order."""
