"""Exit 0 when the service of this container says that it is ready, 1 when not: a health check.

Standard library only, and no proxy of the environment is asked on the way to this container.
"""

# ruff: noqa: INP001 - it is copied into the image alone, not as part of a package.

import http.client
import os
import sys


def is_ready(port: int) -> bool:
    """Whether `/readyz` on this port of the loopback address answers 200."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=4)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(0 if is_ready(int(os.environ["PORT"])) else 1)
