"""`python -m workflow` serves."""

from recall.kit.service import serve
from workflow.app import NAME, create_app
from workflow.settings import Settings

if __name__ == "__main__":
    settings = Settings()
    serve(create_app(settings), settings, NAME)
