"""A real Chromium, driven by chromedriver over W3C WebDriver (https://www.w3.org/TR/webdriver2/)."""

import base64
import json
import subprocess
import time
import urllib.error
import urllib.request

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
# The longest that anything is waited for, in seconds.
PATIENCE = 20


class Absent(AssertionError):
    """What is looked for is not on the page."""


class Browser:
    """One window; with or without script."""

    def __init__(self, driver, chromium, script=True):
        self.base = f"http://127.0.0.1:{driver.port}"
        prefs = {} if script else {"profile.managed_default_content_settings.javascript": 2}
        options = {
            "binary": chromium,
            "args": ["--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run"],
            "prefs": prefs,
        }
        wanted = {"browserName": "chrome", "goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"}}
        answer = self.ask("POST", "/session", {"capabilities": {"alwaysMatch": wanted}})
        self.session = f"/session/{answer['sessionId']}"

    def ask(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.base + path, data, {"Content-Type": "application/json"}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as response:
                return json.load(response)["value"]
        except urllib.error.HTTPError as error:
            told = json.load(error)["value"]
            problem = f"{told['error']}: {told['message'].splitlines()[0]}"
            # The last is what chromedriver says of an element whose page is being left.
            is_gone = told["error"] in ("no such element", "stale element reference")
            if is_gone or "does not belong to the document" in problem:
                raise Absent(problem) from None
            raise AssertionError(problem) from None

    def do(self, method, path, body=None):
        return self.ask(method, self.session + path, body)

    def open(self, url):
        self.do("POST", "/url", {"url": url})

    def url(self):
        return self.do("GET", "/url")

    def source(self):
        return self.do("GET", "/source")

    def text(self):
        return self.do("GET", f"/element/{self.find('css selector', 'body')}/text")

    def find(self, using, value):
        return self.do("POST", "/element", {"using": using, "value": value})[ELEMENT]

    def click(self, css):
        self.leave_by(self.find("css selector", css))

    def follow(self, words):
        """Clicks the link or button that has these words, or is called so."""
        near = f"//*[self::a or self::button][normalize-space()='{words}' or @aria-label='{words}']"
        self.leave_by(self.find("xpath", near))

    def leave_by(self, element):
        """Clicks what leads to another page, and waits until that is there."""
        self.do("POST", f"/element/{element}/click", {})
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            try:
                self.do("GET", f"/element/{element}/name")
            except Absent:
                return
            time.sleep(0.02)
        raise AssertionError(f"nothing followed on {self.url()}")

    def is_enabled(self, css):
        return self.do("GET", f"/element/{self.find('css selector', css)}/enabled")

    def type(self, css, text):
        element = self.find("css selector", css)
        self.do("POST", f"/element/{element}/clear", {})
        self.do("POST", f"/element/{element}/value", {"text": text})

    def back(self):
        self.do("POST", "/back", {})

    def run(self, script, *args):
        return self.do("POST", "/execute/sync", {"script": script, "args": list(args)})

    def wait_for(self, words, reload=True):
        """Until the page has these words; it is loaded again and again, as a person would."""
        end = time.monotonic() + PATIENCE
        while True:
            try:
                text = self.text()
            except Absent:
                # Between two pages.
                text = ""
            if words in text:
                return text
            if time.monotonic() > end:
                raise AssertionError(f"{self.url()} never said {words!r}:\n{text}")
            if reload:
                self.do("POST", "/refresh", {})

    def devtools(self, command, **params):
        return self.do("POST", "/goog/cdp/execute", {"cmd": command, "params": params})

    def look(self, theme, width):
        """From now on as on a screen of this theme and width."""
        features = [{"name": "prefers-color-scheme", "value": theme}]
        self.devtools("Emulation.setEmulatedMedia", features=features)
        self.devtools(
            "Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=width < 600
        )

    def screenshot(self, file):
        shot = self.devtools("Page.captureScreenshot", captureBeyondViewport=True)
        file.write_bytes(base64.b64decode(shot["data"]))

    def complaints(self):
        """What the console says that is no mere notice: errors of a page, and what its policy refused."""
        said = self.do("POST", "/se/log", {"type": "browser"})
        return [entry["message"] for entry in said if entry["level"] in ("SEVERE", "WARNING")]

    def close(self):
        self.do("DELETE", "")


class Driver:
    """chromedriver, for as long as it is needed."""

    def __init__(self, program):
        self.process = subprocess.Popen([program, "--port=0"], stdout=subprocess.PIPE, text=True)
        for line in self.process.stdout:
            if "started successfully on port" in line:
                self.port = int(line.split("port")[1].strip(" .\n"))
                return
        raise AssertionError("chromedriver did not begin")

    def close(self):
        self.process.terminate()
        self.process.wait(timeout=10)
        self.process.stdout.close()
