"""What of a run's report is an alarm: a sentence for each bound that the run passed.

A run that fails says so by its state, and Prefect's automation on failed runs carries that sentence. What is
judged here is what a run that ends well may still be: more refused, or dearer, than its operator expects.
Called by flows/announce.py.
"""

from transforms.report import Report, report_sentences


def alarm_sentences(report: Report, rejected_share: float, cost: float | None) -> list[str]:
    """A sentence for each bound that the run passed; none for a run as it should be.

    Args:
        report: The run's report.
        rejected_share: Share of the run's translations whose refusal is an alarm.
        cost: US dollars above which one run is an alarm; None means never.
    """
    sentences = []
    rejected, tried = report.translated["rejected"], report.translated.total()
    # A failed run's own sentence says it already; one fact is one message.
    if rejected > rejected_share * tried and not report.is_failed:
        details = next(
            sentence for sentence in report_sentences(report) if "translations rejected" in sentence
        )
        sentences.append(f"More than {rejected_share:.0%} of the answers were refused: {details}")
    if cost is not None and report.cost_usd is not None and report.cost_usd > cost:
        sentences.append(
            f"The run cost ${report.cost_usd:,.4f}, more than the ${cost:,.2f} of DAILY_PAPERS_ALARM_COST. "
            "Where it went: daily-papers cost --by day"
        )
    return sentences
