"""The local launcher.

Real Kafka, real PostgreSQL and the four services on one computer, nothing but Python needed.

`./dev` calls `launcher.environment` with a bare Python 3.11 and nothing installed; everything else
in this package runs inside `.venv`.
"""
