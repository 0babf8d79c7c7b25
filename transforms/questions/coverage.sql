-- Each month's days and papers: listed, gone from their list, and what became of their Korean.
-- :since YYYY-MM, default the first month
-- :until YYYY-MM, default the latest month
WITH counted AS (
    SELECT list_date, translation_status, count(*) AS papers, count(delisted_at) AS delisted
    FROM release
    WHERE list_date BETWEEN :since_first AND :until_last
    GROUP BY list_date, translation_status
)
SELECT
    strftime(list_date, '%Y-%m') AS month,
    count(DISTINCT list_date) AS days,
    sum(papers) AS papers,
    sum(papers) - sum(delisted) AS listed,
    sum(delisted) AS delisted,
    sum(CASE WHEN translation_status = 'ok' THEN papers ELSE 0 END) AS translated,
    sum(CASE WHEN translation_status = 'pending' THEN papers ELSE 0 END) AS pending,
    sum(CASE WHEN translation_status = 'rejected' THEN papers ELSE 0 END) AS rejected,
    sum(CASE WHEN translation_status = 'archived' THEN papers ELSE 0 END) AS archived
FROM counted
GROUP BY month
ORDER BY month
