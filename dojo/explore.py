"""`make explore`: one page to play with shapes, strides and masks, served to this computer and to nobody else."""

from __future__ import annotations

import os
import socketserver
import sys
import threading
import webbrowser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from dojo.catalog import UsageError

PAGE = Path(__file__).with_name("explore.html")
HERE = "127.0.0.1"
NAMES = (HERE, "localhost")  # the names by which a browser on this computer asks for the page
TRIES = 20  # ports after the wished one, before any free one is taken
HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    # The page is one file: it may load nothing, send nothing, and stand in no other page.
    "Content-Security-Policy": "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; "
    "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


def serve(port: int, browser: bool) -> int:
    """Serve the page until Ctrl-C. Port 0 is any free one; if the wished port is taken, so is a later one."""
    with _listen(port) as server:
        address = f"http://{HERE}:{server.server_port}/"
        try:
            if port not in (0, server.server_port):
                print(f"Port {port} is taken, so this is port {server.server_port}.")
            print(f"Explore shapes, strides and masks at {address} (Ctrl-C ends it)", flush=True)
            if browser:
                _open(address)
            server.serve_forever()
        except KeyboardInterrupt:
            print()  # the shell's prompt begins on a line of its own, below the ^C
    return 0


class _Server(ThreadingHTTPServer):
    # On Windows this option lets two programs have the same port.
    allow_reuse_address = os.name != "nt"
    daemon_threads = True

    def server_bind(self) -> None:
        # HTTPServer's own asks the network for this computer's name, which can take seconds.
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = self.server_address[0], self.server_address[1]  # type: ignore[assignment]

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)  # an OSError: the browser has gone away, nothing is wrong


class _Handler(BaseHTTPRequestHandler):
    timeout = 30  # seconds; a browser may open a connection and ask for nothing

    def do_GET(self) -> None:
        # Another site can give its own name to 127.0.0.1, to read what is served there. It can't change this header.
        if _name(self.headers.get("Host", "")) not in NAMES:
            self.send_error(403, "Only for this computer")
        elif self.path.partition("?")[0] != "/":
            self.send_error(404)
        else:
            page = PAGE.read_bytes()  # at each request, so that a reload shows what was edited
            self.send_response(200)
            for header, value in {**HEADERS, "Content-Length": str(len(page))}.items():
                self.send_header(header, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(page)

    do_HEAD = do_GET

    def log_message(self, format: str, *arguments: Any) -> None:
        """Say nothing: what the terminal shows is the address."""


def _name(host: str) -> str:
    """`localhost` of `localhost:8000`. The port is not checked: a tunnel gives the page another one."""
    name, colon, port = host.rpartition(":")
    return (name if colon and port.isdigit() else host).lower()


def _listen(port: int) -> _Server:
    if not 0 <= port <= 65535:
        raise UsageError(f"There is no port {port}. Ports go from 0 to 65535: python -m dojo explore --port 8000")
    for wished in (*range(port, min(port + TRIES, 65536)), 0):
        try:
            return _Server((HERE, wished), _Handler)
        except OSError as caught:  # taken, or kept for the administrator
            error = caught
    raise UsageError(f"No port of this computer can be opened: {error}")


def _open(address: str) -> None:
    """Open the browser, if there is one. Without a screen Python finds lynx or w3m, which would take the terminal."""
    try:
        found = webbrowser.get()
    except webbrowser.Error:
        return
    if "BROWSER" in os.environ or type(found) is not webbrowser.GenericBrowser:
        # In a thread: some browsers return only when they are closed.
        threading.Thread(target=found.open, args=(address,), daemon=True).start()
