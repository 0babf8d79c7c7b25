-- Listings of a month whose votes grew most between their first and their latest observation.
-- :month YYYY-MM, default the latest month
-- :limit number, default 20
WITH spans AS (
    SELECT list_date, paper_id, min(observed_at) AS first_at, max(observed_at) AS last_at
    FROM votes
    WHERE list_date BETWEEN :month_first AND :month_last
    GROUP BY list_date, paper_id
),
counts AS (
    SELECT list_date, paper_id, observed_at, upvotes
    FROM votes
    WHERE list_date BETWEEN :month_first AND :month_last
),
titles AS (
    SELECT list_date, paper_id, title
    FROM release
    WHERE list_date BETWEEN :month_first AND :month_last
)
SELECT
    newest.upvotes - oldest.upvotes AS gained,
    oldest.upvotes AS first_votes,
    newest.upvotes AS latest_votes,
    spans.last_at AS latest_at,
    spans.list_date AS list_date,
    spans.paper_id AS paper_id,
    titles.title AS title
FROM spans
JOIN counts AS oldest
    ON spans.list_date = oldest.list_date
    AND spans.paper_id = oldest.paper_id
    AND spans.first_at = oldest.observed_at
JOIN counts AS newest
    ON spans.list_date = newest.list_date
    AND spans.paper_id = newest.paper_id
    AND spans.last_at = newest.observed_at
LEFT JOIN titles
    ON spans.list_date = titles.list_date
    AND spans.paper_id = titles.paper_id
WHERE newest.upvotes > oldest.upvotes
ORDER BY gained DESC, list_date, paper_id
LIMIT :limit
