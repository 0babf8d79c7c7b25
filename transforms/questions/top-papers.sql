-- Papers of a month with the most votes, most-voted first.
-- :month YYYY-MM, default the latest month
-- :limit number, default 20
SELECT upvotes, list_date, paper_id, title, title_ko
FROM release
WHERE list_date BETWEEN :month_first AND :month_last
    AND delisted_at IS NULL
    AND upvotes IS NOT NULL
QUALIFY row_number() OVER (PARTITION BY paper_id ORDER BY upvotes DESC, list_date) = 1
ORDER BY upvotes DESC, list_date, paper_id
LIMIT :limit
