-- Videos that came with a month's papers.
-- :month YYYY-MM, default the latest month
SELECT list_date, rank, paper_id, title, url
FROM (
    SELECT list_date, rank, paper_id, title, unnest(media_urls) AS url
    FROM release
    WHERE list_date BETWEEN :month_first AND :month_last
        AND delisted_at IS NULL
) AS media
WHERE lower(url) LIKE '%.mp4'
    OR lower(url) LIKE '%.webm'
    OR lower(url) LIKE '%.mov'
    OR lower(url) LIKE '%.qt'
ORDER BY list_date, rank, paper_id, url
