-- $1 channels from which a report has come.
INSERT INTO served_channels (channel) SELECT unnest($1::text[]) ON CONFLICT DO NOTHING
