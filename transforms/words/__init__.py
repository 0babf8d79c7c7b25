"""Word lists as text, in our own words: read by transforms/lexicon.py, glossary.py and the gate's modules."""
