-- How many patients match, counted no further than $9; the filters are those of the lists.
SELECT count(*)
FROM (
    SELECT 1
    FROM patients AS p
    INNER JOIN identities AS i USING (patient_id)
    WHERE
        p.target_id = $1
        AND i.target_id = $1
        AND p.status = ANY($2::text[])
        AND ($3::text IS NULL OR i.nhs_number = $3)
        AND ($4::smallint IS NULL OR p.round = $4)
        AND ($5::smallint IS NULL OR p.round > $5 OR (p.round = $5 AND p.status = 'did_not_book'))
        AND (
            $6::text IS NULL
            OR (p.status <> 'in_queue' AND p.description = $6)
            OR (p.status = 'in_queue' AND p.round = ANY($7::smallint[]))
            OR (p.status = 'in_queue' AND p.description = $6 AND p.round <> ALL($8::smallint[]))
        )
    LIMIT $9
)
