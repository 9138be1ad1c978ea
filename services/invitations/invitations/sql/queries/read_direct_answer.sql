-- $1 patient id.
SELECT said, declined_at, actor FROM direct_answers WHERE patient_id = $1
