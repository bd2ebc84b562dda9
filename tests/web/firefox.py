"""A headless Firefox as Debian ships it, driven over Marionette, the protocol that it has built in.

Playwright asks for a Firefox of its own, and Selenium for one more program between.
https://firefox-source-docs.mozilla.org/testing/marionette/Protocol.html
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

FIREFOX = os.environ.get("TOONMARK_FIREFOX") or shutil.which("firefox-esr")
FIREFOX = FIREFOX or shutil.which("firefox")

#: The name under which WebDriver hands over elements.
_ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
_PREFERENCES = {
    "app.update.enabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "browser.download.folderList": 2,  # where browser.download.dir says
    "browser.download.useDownloadDir": True,
    "browser.download.always_ask_before_handling_new_types": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "toolkit.telemetry.enabled": False,
    "ui.prefersReducedMotion": 1,
}


class FirefoxError(Exception):
    """Firefox could not do what it was asked."""


class Firefox:
    """One window.

    Args:
        connection: to Marionette.
        patience: seconds within which anything is done.
    """

    def __init__(self, connection: socket.socket, patience: float) -> None:
        self._connection = connection
        self._patience = patience
        self._number = 0
        self._read()  # who it is
        timeouts = {"script": int(1000 * patience), "pageLoad": int(1000 * patience)}
        wanted = {"alwaysMatch": {"timeouts": timeouts, "acceptInsecureCerts": True}}
        self.ask("WebDriver:NewSession", capabilities=wanted)

    def ask(self, command: str, **parameters: Any) -> Any:
        """Sends a command; gives its answer."""
        self._number += 1
        message = json.dumps([0, self._number, command, parameters])
        self._connection.sendall(f"{len(message)}:{message}".encode())
        _, number, error, result = self._read()
        assert number == self._number
        if error:
            raise FirefoxError(f"{command}: {error['error']}: {error['message']}")
        return result

    def goto(self, address: str) -> None:
        self.ask("WebDriver:Navigate", url=address)

    def evaluate(self, script: str) -> Any:
        """What an expression of JavaScript has come to; promises are waited for."""
        code = (
            "const done = arguments[arguments.length - 1]; Promise.resolve((() => ("
            + script
            + "))()).then((value) => done([value]), (error) => done(String(error)));"
        )
        answer = self.ask("WebDriver:ExecuteAsyncScript", script=code, args=[])["value"]
        if isinstance(answer, str):
            raise FirefoxError(answer)
        return answer[0]

    def wait(self, script: str) -> Any:
        """Until an expression is true; gives it."""
        end = time.monotonic() + self._patience
        while time.monotonic() < end:
            if found := self.evaluate(script):
                return found
            time.sleep(0.2)
        raise FirefoxError(f"not within {self._patience:g} s: {script}")

    def click(self, selector: str) -> None:
        self.ask("WebDriver:ElementClick", id=self._element(selector))

    def choose(self, selector: str, file: Path) -> None:
        """Gives a file to a field for files."""
        self.ask("WebDriver:ElementSendKeys", id=self._element(selector), text=str(file))

    def screenshot(self, path: Path) -> None:
        answer = self.ask("WebDriver:TakeScreenshot", full=True)
        path.write_bytes(base64.b64decode(answer["value"]))

    def _element(self, selector: str) -> str:
        answer = self.ask("WebDriver:FindElement", using="css selector", value=selector)
        return str(answer["value"][_ELEMENT])

    def _read(self) -> Any:
        length = b""
        while not length.endswith(b":"):
            length += self._part(1)
        body = b""
        while len(body) < int(length[:-1]):
            body += self._part(int(length[:-1]) - len(body))
        return json.loads(body)

    def _part(self, most: int) -> bytes:
        part = self._connection.recv(most)
        if not part:
            raise FirefoxError("it has gone")
        return part


@contextmanager
def firefox(folder: Path, patience: float, language: str = "en") -> Iterator[Firefox]:
    """A fresh one, whose downloads come into ``folder / "downloads"``."""
    assert FIREFOX is not None
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    (folder / "downloads").mkdir(parents=True)
    (folder / "profile").mkdir()
    preferences = {
        **_PREFERENCES,
        "marionette.port": port,
        "browser.download.dir": str(folder / "downloads"),
        "intl.accept_languages": language,
    }
    lines = [f"user_pref({json.dumps(k)}, {json.dumps(v)});" for k, v in preferences.items()]
    (folder / "profile/user.js").write_text("\n".join(lines))
    command = [FIREFOX, "--headless", "--marionette", "--no-remote"]
    command += ["--profile", str(folder / "profile")]
    environment = {**os.environ, "HOME": str(folder), "MOZ_DISABLE_CONTENT_SANDBOX": "1"}
    quiet = subprocess.DEVNULL
    with subprocess.Popen(command, env=environment, stdout=quiet, stderr=quiet) as process:
        try:
            with _connected(process, port, patience) as connection:
                yield Firefox(connection, patience)
        finally:
            process.terminate()
            process.wait(20)


def _connected(process: subprocess.Popen[bytes], port: int, patience: float) -> socket.socket:
    end = time.monotonic() + patience
    while time.monotonic() < end:
        if process.poll() is not None:
            raise FirefoxError(f"it ended with {process.returncode}")
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=patience)
        except ConnectionRefusedError:
            time.sleep(0.2)  # it is starting
    raise FirefoxError("it does not listen")
