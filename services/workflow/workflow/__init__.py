"""The workflow service: owns every patient's status."""
