"""Review in a browser: a page served to this machine only, to whoever knows the token."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

import msgspec

from cleanup.errors import RunError
from cleanup.review.session import Session

HOST = "127.0.0.1"
MOST = 2000  # decisions that are sent to the page at once
BODY = 10_000  # bytes of a request


class Server(ThreadingHTTPServer):
    """Serves one session. A request needs the token, and has to be addressed to this machine by name or number."""

    daemon_threads = True

    def __init__(self, session: Session, port: int) -> None:
        super().__init__((HOST, port), Handler)
        self.session = session
        self.token = secrets.token_urlsafe(24)
        self.lock = threading.Lock()
        template = (Path(__file__).parent / "review.html").read_text(encoding="utf-8")
        script = template.partition("<script>")[2].partition("</script>")[0]
        digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
        self.page = template.encode()
        self.policy = (
            f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'; connect-src 'self'; "
            "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        )

    @property
    def url(self) -> str:
        """Where to look, token included."""
        return f"http://{HOST}:{self.server_address[1]}/?token={self.token}"


class Handler(BaseHTTPRequestHandler):
    """GET / (the page), /items, /report; POST /answer."""

    server: Server
    server_version = "cleanup"
    sys_version = ""
    timeout = 30
    names: ClassVar[set[str]] = {HOST, "localhost"}

    def do_GET(self) -> None:
        """The page, its data, or the run's report."""
        parts = urlsplit(self.path)
        if not self._admitted(parse_qs(parts.query).get("token", [""])[0]):
            return
        if parts.path == "/":
            self._send(200, "text/html; charset=utf-8", self.server.page, self.server.policy)
        elif parts.path == "/items":
            with self.server.lock:
                self._json(200, self._items())
        elif parts.path == "/report" and (self.server.session.run / "report.html").is_file():
            self._send(200, "text/html; charset=utf-8", (self.server.session.run / "report.html").read_bytes())
        else:
            self._json(404, {"error": "there is no such page"})

    def do_POST(self) -> None:
        """An answer: {"key", "decision": "apply", "skip" or null}."""
        if not self._admitted(""):
            return
        try:
            size = int(self.headers.get("Content-Length", ""))
            if self.path != "/answer" or not 0 < size <= BODY:
                raise ValueError
            body = json.loads(self.rfile.read(size))
            key, decision = body["key"], body["decision"]
            if not isinstance(key, str) or decision not in ("apply", "skip", None):
                raise ValueError
        except (ValueError, TypeError, KeyError):
            self._json(400, {"error": "an answer is a key and a decision"})
            return
        with self.server.lock:
            try:
                known = self.server.session.set(key, decision)
            except RunError as error:
                self._json(500, {"error": str(error)})
                return
        self._json(200 if known else 404, {"answered": self.server.session.answered} if known else {"error": "no such decision"})

    def _admitted(self, token: str) -> bool:
        """Known token, and no other name for this machine: a page elsewhere cannot have a browser ask in its name."""
        given = self.headers.get("X-Token") or token
        name = urlsplit(f"//{self.headers.get('Host', '')}").hostname
        origin = self.headers.get("Origin")
        own = origin is None or urlsplit(origin).netloc == self.headers.get("Host")
        if name in self.names and own and hmac.compare_digest(given.encode(), self.server.token.encode()):
            return True
        self._json(403, {"error": "open the address that `cleanup review --web` printed"})
        return False

    def _items(self) -> dict[str, Any]:
        session = self.server.session
        return {
            "run": session.run.name,
            "total": len(session.keys),
            "answers": {key: decision for key, decision in session.answers.items() if key in session.keys},
            "items": [msgspec.to_builtins(item) for item in session.open[:MOST]],
        }

    def _json(self, status: int, data: Any) -> None:
        self._send(status, "application/json", json.dumps(data, default=str).encode())

    def _send(self, status: int, kind: str, body: bytes, policy: str = "default-src 'none'") -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        if not self.path.startswith("/report"):  # which brings its own
            self.send_header("Content-Security-Policy", policy)
        for name, value in (
            ("X-Content-Type-Options", "nosniff"),
            ("Referrer-Policy", "no-referrer"),
            ("Cache-Control", "no-store"),
            ("X-Frame-Options", "DENY"),
        ):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (the protocol)
        """Say nothing: the terminal is the user's."""


def serve(session: Session, port: int, announce: Callable[[str], None]) -> None:
    """Serve until Ctrl-C. Raises RunError when the port is taken."""
    try:
        server = Server(session, port)
    except OSError as error:
        raise RunError(f"cannot listen on {HOST}:{port}: {error.strerror or error}", "choose another --port") from None
    with server:
        announce(server.url)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            return
