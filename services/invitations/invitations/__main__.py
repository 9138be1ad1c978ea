"""Start the service: `python -m invitations`."""

from invitations.app import create_app
from invitations.settings import Settings
from recall.kit.service import serve

if __name__ == "__main__":
    settings = Settings()
    serve(create_app(settings), settings, "invitations")
