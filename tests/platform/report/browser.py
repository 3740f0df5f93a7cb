# SPDX-License-Identifier: Apache-2.0
"""A headless Chromium, driven over its DevTools protocol through a pipe; Python's own library alone."""
import base64
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile


def chromium():
    """The program, or None if none is installed."""
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


class Browser:
    """One page of one browser; what it writes to the console is in `console`, what it throws in `errors`."""

    def __init__(self):
        self._profile = tempfile.TemporaryDirectory(prefix="drydock.chromium.")
        to_read, self._out = os.pipe()
        self._in, to_write = os.pipe()
        # The browser reads commands from its descriptor 3 and writes answers to 4.
        command = ["sh", "-c", f'exec "$0" "$@" 3<&{to_read} 4>&{to_write}', chromium(), "--headless=new",
                   "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--hide-scrollbars",
                   "--remote-debugging-pipe", f"--user-data-dir={self._profile.name}", "about:blank"]
        self._process = subprocess.Popen(command, pass_fds=(to_read, to_write), stdout=subprocess.DEVNULL,
                                         stderr=subprocess.DEVNULL)
        os.close(to_read)
        os.close(to_write)
        self._buffer, self._last = b"", 0
        self.console, self.errors, self._seen = [], [], []
        targets = self._call("Target.getTargets")["targetInfos"]
        target = next(t["targetId"] for t in targets if t["type"] == "page")
        self._session = None
        self._session = self._call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self._call(domain + ".enable")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            self._session = None
            self._call("Browser.close")
            self._process.wait(timeout=20)
        finally:
            if self._process.poll() is None:
                self._process.kill()
                self._process.wait()
            os.close(self._out)
            os.close(self._in)
            self._profile.cleanup()

    def _message(self):
        while b"\0" not in self._buffer:
            more = os.read(self._in, 1 << 20)
            assert more, "the browser went away"
            self._buffer += more
        one, self._buffer = self._buffer.split(b"\0", 1)
        message = json.loads(one)
        method, said = message.get("method"), message.get("params", {})
        if method == "Runtime.consoleAPICalled":
            self.console.append(said["type"] + ": " + " ".join(str(a.get("value", a)) for a in said["args"]))
        elif method == "Log.entryAdded":
            self.console.append(said["entry"]["level"] + ": " + said["entry"]["text"])
        elif method == "Runtime.exceptionThrown":
            self.errors.append(json.dumps(said["exceptionDetails"]))
        elif method == "Network.requestWillBeSent":
            self._seen.append(said["request"]["url"])
        elif method:
            self._seen.append(method)
        return message

    def _call(self, method, **parameters):
        self._last += 1
        call = {"id": self._last, "method": method, "params": parameters}
        if getattr(self, "_session", None):
            call["sessionId"] = self._session
        os.write(self._out, json.dumps(call).encode() + b"\0")
        while True:
            message = self._message()
            if message.get("id") == self._last:
                assert "error" not in message, f"{method}: {message['error']}"
                return message["result"]

    def size(self, width, height, mobile=False, scale=1):
        self._call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=scale, mobile=mobile)

    def scheme(self, name):
        self._call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": name}])

    def open(self, file):
        """Loads it to the end."""
        self._seen.clear()
        url = file if file == "about:blank" else pathlib.Path(file).resolve().as_uri()
        self._call("Page.navigate", url=url)
        while "Page.loadEventFired" not in self._seen:
            self._message()

    def requests(self):
        """Addresses asked for since the page was opened."""
        return [s for s in self._seen if ":" in s]

    def run(self, script):
        """The value of an expression, promises awaited."""
        answer = self._call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, f"{script}: {answer['exceptionDetails']}"
        return answer["result"].get("value")

    def move(self, x, y):
        self._call("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)

    def picture(self, file, whole=True):
        shot = self._call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        pathlib.Path(file).write_bytes(base64.b64decode(shot["data"]))

    def paper(self, file):
        """The page as it prints, a PDF."""
        done = self._call("Page.printToPDF", printBackground=True, preferCSSPageSize=True)
        pathlib.Path(file).write_bytes(base64.b64decode(done["data"]))


def main():
    """browser.py PAGE PICTURE WIDTH HEIGHT [light|dark] [ELEMENT]: a picture of a page, from an element's top on."""
    page_file, picture, width, height, *more = sys.argv[1:]
    with Browser() as page:
        page.size(int(width), int(height))
        page.scheme(more[0] if more else "light")
        page.open(page_file)
        if len(more) > 1:
            page.run(f"document.querySelector({json.dumps(more[1])}).scrollIntoView()")
        page.run("new Promise(done => setTimeout(done, 300))")
        page.picture(picture, whole=False)


if __name__ == "__main__":
    main()
