-- The Hub's keywords of each month's listings, without regard to case.
-- :since YYYY-MM, default the first month
-- :until YYYY-MM, default the latest month
-- :top number, default 10
WITH counted AS (
    SELECT month, keyword, count(DISTINCT paper_id) AS papers
    FROM (
        SELECT month, paper_id, lower(word) AS keyword
        FROM (
            SELECT strftime(list_date, '%Y-%m') AS month, paper_id, unnest(ai_keywords) AS word
            FROM release
            WHERE list_date BETWEEN :since_first AND :until_last
                AND delisted_at IS NULL
        ) AS listed
        WHERE word IS NOT NULL
    ) AS lowered
    GROUP BY month, keyword
)
SELECT month, keyword, papers
FROM counted
QUALIFY row_number() OVER (PARTITION BY month ORDER BY papers DESC, keyword) <= :top
ORDER BY month, papers DESC, keyword
