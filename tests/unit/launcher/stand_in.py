"""A service that does nothing but be ready: run as a process in place of a real one."""

import os
from http.server import BaseHTTPRequestHandler, HTTPServer


class Ready(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(os.environ.get("SEED", "").encode())

    def log_message(self, *_: object) -> None:
        pass


HTTPServer((os.environ["HOST"], int(os.environ["PORT"])), Ready).serve_forever()
