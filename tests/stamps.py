"""A time-stamping authority of OpenSSL's on the loopback."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

CONFIG = """
[tsa]
default_tsa = one
[one]
serial = {folder}/serial
signer_digest = sha256
default_policy = 1.2.3.4
digests = sha256
ess_cert_id_alg = sha256
"""

Answer = Callable[[bytes], tuple[int, bytes]]


class Authority:
    """A time-stamping authority of OpenSSL's, behind HTTP; `answer` may be another."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.answer: Answer = self.stamp
        (folder / "tsa.cnf").write_text(CONFIG.format(folder=folder))
        (folder / "serial").write_text("01\n")
        usage = "-addext extendedKeyUsage=critical,timeStamping -addext keyUsage=critical,digitalSignature"
        words = f"req -x509 -newkey rsa:2048 -nodes -subj /CN=tsa -days 2 {usage} -keyout tsa.key -out tsa.pem"
        self.openssl(*words.split())
        authority = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status, content = authority.answer(body)
                self.send_response(status)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/tsa"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def openssl(self, *words: str) -> None:
        subprocess.run(["openssl", *words], cwd=self.folder, check=True, capture_output=True)

    def stamp(self, query: bytes) -> tuple[int, bytes]:
        (self.folder / "q").write_bytes(query)
        words = ["ts", "-reply", "-config", "tsa.cnf", "-queryfile", "q", "-signer", "tsa.pem", "-inkey", "tsa.key"]
        self.openssl(*words, "-out", "r")
        return 200, (self.folder / "r").read_bytes()

    def close(self) -> None:
        """Serve no longer."""
        self.server.shutdown()
        self.server.server_close()
