-- Which model and prompt wrote each month's Korean.
-- :since YYYY-MM, default the first month
-- :until YYYY-MM, default the latest month
WITH counted AS (
    SELECT
        list_date,
        model,
        prompt_version,
        translation_status,
        count(*) AS papers,
        min(translated_at) AS first_at,
        max(translated_at) AS latest_at
    FROM release
    WHERE list_date BETWEEN :since_first AND :until_last
        AND translation_status IN ('ok', 'archived')
    GROUP BY list_date, model, prompt_version, translation_status
)
SELECT
    strftime(list_date, '%Y-%m') AS month,
    model,
    prompt_version,
    translation_status,
    sum(papers) AS papers,
    CAST(min(first_at) AS DATE) AS first_day,
    CAST(max(latest_at) AS DATE) AS latest_day
FROM counted
GROUP BY month, model, prompt_version, translation_status
ORDER BY month, model, prompt_version, translation_status
