"""The dashboard: where every patient is, for people and programs to read."""
