"""The ingest service: targets, uploads and slots come in; every row of a file gets a verdict."""
