-- Take down an errand, once: whoever confirms the same one again finds it there.
INSERT INTO errands (errand_id, target_id, act, back, reason, actor, asked_at, asked, sent, done, state)
VALUES ($1::uuid, $2, $3, $4, $5, $6, $7, 0, 0, 0, 'sending')
ON CONFLICT (errand_id) DO NOTHING
RETURNING errand_id
