"""The proving ground of the quality gate: good pairs from several sources, and faults planted in them."""
