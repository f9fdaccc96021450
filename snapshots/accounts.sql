-- One row an account. Without an active subscription it is on the free plan; a yearly price counts a twelfth a month.
SELECT
    accounts.id AS account_id,
    accounts.owner_id,
    accounts.name,
    (SELECT count(*) FROM users WHERE users.account_id = accounts.id) AS seat_count,
    coalesce(active.plan, 'free') AS plan,
    round(
        coalesce(active.unit_cents * active.quantity / 100.0 / CASE active.interval WHEN 'year' THEN 12 ELSE 1 END, 0),
        2
    ) AS mrr
FROM accounts
LEFT JOIN subscriptions AS active ON active.account_id = accounts.id AND active.active
ORDER BY accounts.id
