"""`python -m tests.browser CHROMIUM URL`: a page of a real browser that runs a script, read from stdin as a JSON line.

Prints `runs`, then each line that the script logs to the console, until stdin ends.
"""

from __future__ import annotations

import json
import sys
import threading
from typing import Final

from playwright.sync_api import sync_playwright

ARGUMENTS: Final = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
POLL_MS: Final = 50


def main() -> int:
    chromium, url = sys.argv[1:]
    script = json.loads(sys.stdin.readline())
    ended = threading.Event()
    threading.Thread(target=_wait_for_the_end, args=(ended,), daemon=True).start()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(ARGUMENTS))
        page = browser.new_page()
        page.on("console", lambda message: print(message.text, flush=True) if message.type == "log" else None)
        page.goto(url)
        page.evaluate(script)
        print("runs", flush=True)
        while not ended.is_set():
            page.wait_for_timeout(POLL_MS)
        browser.close()
    return 0


def _wait_for_the_end(ended: threading.Event) -> None:
    sys.stdin.read()
    ended.set()


if __name__ == "__main__":
    sys.exit(main())
