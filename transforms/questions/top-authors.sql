-- Authors with the most papers.
-- :since YYYY-MM, default the first month
-- :until YYYY-MM, default the latest month
-- :limit number, default 20
WITH bylines AS (
    SELECT list_date, paper_id, unnest(authors) AS author
    FROM release
    WHERE list_date BETWEEN :since_first AND :until_last
        AND delisted_at IS NULL
),
-- A paper counts once for an author, listed twice or naming them twice.
written AS (
    SELECT author, paper_id, min(list_date) AS first_listed, max(list_date) AS last_listed
    FROM bylines
    WHERE author IS NOT NULL
    GROUP BY author, paper_id
)
SELECT
    author,
    count(*) AS papers,
    min(first_listed) AS first_listed,
    max(last_listed) AS last_listed
FROM written
GROUP BY author
ORDER BY papers DESC, author
LIMIT :limit
