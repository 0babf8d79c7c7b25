-- Organisations with the most papers, and the median of their votes.
-- :since YYYY-MM, default the first month
-- :until YYYY-MM, default the latest month
-- :limit number, default 20
SELECT
    organization,
    count(DISTINCT paper_id) AS papers,
    median(upvotes) AS median_votes,
    min(list_date) AS first_listed,
    max(list_date) AS last_listed
FROM release
WHERE list_date BETWEEN :since_first AND :until_last
    AND delisted_at IS NULL
    AND organization IS NOT NULL
GROUP BY organization
ORDER BY papers DESC, organization
LIMIT :limit
