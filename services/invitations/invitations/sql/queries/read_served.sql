-- $1 channels: those from which a report has ever come.
SELECT channel FROM served_channels WHERE channel = ANY($1::text[])
