-- Papers in whose Korean each rendering of an English term stands; add a line for another rendering.
-- :term words, default reinforcement learning
-- :since YYYY-MM, default the first month
-- :until YYYY-MM, default the latest month
WITH renderings AS (
    SELECT term, rendering
    FROM (VALUES
        ('attention', '어텐션'),
        ('attention', '주의 메커니즘'),
        ('attention', '주의 집중'),
        ('benchmark', '벤치마크'),
        ('benchmark', '기준 평가'),
        ('diffusion model', '확산 모델'),
        ('diffusion model', '디퓨전 모델'),
        ('embedding', '임베딩'),
        ('embedding', '삽입 벡터'),
        ('fine-tuning', '미세 조정'),
        ('fine-tuning', '미세조정'),
        ('fine-tuning', '파인튜닝'),
        ('fine-tuning', '파인 튜닝'),
        ('language model', '언어 모델'),
        ('language model', '언어모델'),
        ('pre-training', '사전 학습'),
        ('pre-training', '사전학습'),
        ('pre-training', '사전 훈련'),
        ('pre-training', '사전훈련'),
        ('reasoning', '추론'),
        ('reasoning', '리즈닝'),
        ('reinforcement learning', '강화 학습'),
        ('reinforcement learning', '강화학습'),
        ('token', '토큰'),
        ('transformer', '트랜스포머'),
        ('transformer', '변환기')
    ) AS known(term, rendering)
    WHERE term = :term
),
texts AS (
    SELECT paper_id, concat_ws(' ', title_ko, abstract_ko) AS text
    FROM release
    WHERE list_date BETWEEN :since_first AND :until_last
    UNION ALL
    SELECT paper_id, bullet.text AS text
    FROM (
        SELECT paper_id, unnest(summary_ko) AS bullet
        FROM release
        WHERE list_date BETWEEN :since_first AND :until_last
    ) AS bullets
)
SELECT term, rendering, count(DISTINCT paper_id) AS papers
FROM texts
CROSS JOIN renderings
WHERE strpos(text, rendering) > 0
GROUP BY term, rendering
ORDER BY papers DESC, rendering
