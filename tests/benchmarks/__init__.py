"""Measurements: the pipeline beside the raw limit of the same machine in the same run."""
