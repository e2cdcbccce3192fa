"""Drive a Chromium over its DevTools protocol: open a page, ask it, press keys, take its picture."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection, connect

PROGRAM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-dev-shm-usage"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync", "--remote-debugging-port=0"),
)
PATIENCE = 60.0
"""Seconds in which a browser has started, and answers each question."""


class Page:
    """One page of a browser.

    Attributes:
        requests: the addresses it asked for. complaints: what it wrote on its console, and errors of its scripts.
    """

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._last = 0
        self._session: str | None = None
        self.requests: list[str] = []
        self.complaints: list[str] = []
        self._loaded = False
        target = self.send("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.send(f"{domain}.enable")

    def send(self, method: str, **params: Any) -> Any:
        """What the browser answers."""
        self._last += 1
        message = {"id": self._last, "method": method, "params": params}
        self._socket.send(json.dumps(message | ({"sessionId": self._session} if self._session else {})))
        while True:
            found = self._take()
            if found.get("id") == self._last:
                assert "error" not in found, found
                return found["result"]

    def _take(self) -> Any:
        found = json.loads(self._socket.recv(timeout=PATIENCE))
        params = found.get("params", {})
        match found.get("method"):
            case "Network.requestWillBeSent":
                self.requests.append(params["request"]["url"])
            case "Log.entryAdded":
                self.complaints.append(params["entry"]["text"])
            case "Runtime.consoleAPICalled":
                self.complaints.append(json.dumps(params["args"]))
            case "Runtime.exceptionThrown":
                self.complaints.append(json.dumps(params["exceptionDetails"]))
            case "Page.loadEventFired":
                self._loaded = True
        return found

    def open(self, address: str) -> None:
        """Go there, and wait until everything is loaded."""
        self._loaded = False
        self.requests.clear()
        self.send("Page.navigate", url=address)
        while not self._loaded:
            self._take()

    def ask(self, expression: str) -> Any:
        """The value of an expression in the page; of a promise, what it comes to."""
        answer = self.send("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def resize(self, width: int, height: int = 900, *, dark: bool = False) -> None:
        """A window of so many pixels, of somebody who likes it light or dark."""
        self.send("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.send("Emulation.setEmulatedMedia", features=[scheme])

    def press(self, key: str, code: int, text: str | None = None) -> None:
        """Press a key and let it go."""
        told = {"key": key, "code": key, "windowsVirtualKeyCode": code} | ({"text": text} if text else {})
        self.send("Input.dispatchKeyEvent", type="keyDown", **told)
        self.send("Input.dispatchKeyEvent", type="keyUp", **told)

    def type(self, text: str) -> None:
        """Put a text where the focus is."""
        self.send("Input.insertText", text=text)

    def shoot(self, target: Path, *, whole: bool = False) -> None:
        """A picture of the window, or of the page."""
        taken = self.send("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        target.write_bytes(base64.b64decode(taken["data"]))


@contextmanager
def browse(profile: Path) -> Iterator[Page]:
    """A page of a browser that was started for it, and is ended afterwards."""
    assert PROGRAM is not None
    command = [PROGRAM, *FLAGS, f"--user-data-dir={profile}", "about:blank"]
    browser = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        with connect(_find_address(browser, profile), max_size=None, proxy=None) as socket:
            page = Page(socket)
            yield page
            page._session = None
            page.send("Browser.close")
        browser.wait(PATIENCE)
    finally:
        if browser.poll() is None:
            browser.kill()
            browser.wait()


def _find_address(browser: subprocess.Popen[bytes], profile: Path) -> str:
    told, until = profile / "DevToolsActivePort", time.monotonic() + PATIENCE
    while time.monotonic() < until:
        assert browser.poll() is None, f"the browser ended with {browser.returncode}"
        lines = told.read_text(encoding="utf-8").split() if told.exists() else []
        if len(lines) == 2:
            return f"ws://127.0.0.1:{lines[0]}{lines[1]}"
        time.sleep(0.05)
    raise TimeoutError(f"the browser did not start in {PATIENCE:g} s")
