-- $1 target id: how many replies need a person.
SELECT count(*) FROM invitations WHERE target_id = $1 AND needs_reply
