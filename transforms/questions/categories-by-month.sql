-- arXiv categories of each month's listings; a paper counts in each of its categories.
-- :since YYYY-MM, default the first month
-- :until YYYY-MM, default the latest month
-- :top number, default 10
WITH counted AS (
    SELECT month, category, count(DISTINCT paper_id) AS papers
    FROM (
        SELECT strftime(list_date, '%Y-%m') AS month, paper_id, unnest(categories) AS category
        FROM release
        WHERE list_date BETWEEN :since_first AND :until_last
            AND delisted_at IS NULL
    ) AS listed
    WHERE category IS NOT NULL
    GROUP BY month, category
)
SELECT month, category, papers
FROM counted
QUALIFY row_number() OVER (PARTITION BY month ORDER BY papers DESC, category) <= :top
ORDER BY month, papers DESC, category
