"""What staff fill in: typed text in, what ingest is asked or what is wrong out.  Pure."""
