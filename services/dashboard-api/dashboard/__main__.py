"""`python -m dashboard`: settings, app, serve."""

from dashboard.app import create_app
from dashboard.settings import Settings
from recall.kit.service import serve


def main() -> None:
    """Serve until a signal ends it."""
    settings = Settings()
    serve(create_app(settings), settings, "dashboard")


if __name__ == "__main__":
    main()
