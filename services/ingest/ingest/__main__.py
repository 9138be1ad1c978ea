"""Start the service: `python -m ingest`."""

from ingest.app import create_app
from ingest.settings import Settings
from recall.kit.service import serve

if __name__ == "__main__":
    settings = Settings()
    serve(create_app(settings), settings, "ingest")
