"""What all pages share: the NHS components, vendored, and how files of a page are addressed.

The staff's pages and the patients' pages are served by different services and look alike.
"""

from recall.look.assets import VENDORED, Assets
from recall.look.rendering import environment

__all__ = ["VENDORED", "Assets", "environment"]
