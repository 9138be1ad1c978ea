"""The dashboard's styles, scripts and pictures, beside those that all pages share."""

from pathlib import Path

from recall.look import Assets

FOLDER = Path(__file__).parent / "static"
PREFIX = "/static"

ASSETS = Assets(PREFIX, FOLDER)
VERSION = ASSETS.version
address = ASSETS.address
keep = ASSETS.keep
