"""A browser without a window, for tests of what only a browser can tell.

The fixtures are registered in conftest.py. Where Playwright, Chromium or KaTeX is missing, the
tests that need it skip, and say so.
"""

import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
SWITCHES = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]


@pytest.fixture(scope="session")
def browser(tmp_path_factory):
    """Return a function that calls another one with an empty page, and returns what that returns.

    The browser has no network. It lives in a thread of its own, because the loop of Playwright
    would keep other tests in its thread from running one.
    """
    reason = "needs Playwright: pip install playwright"
    playwright = pytest.importorskip("playwright.sync_api", reason=reason)
    program = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if program is None:
        pytest.skip(f"needs one of {', '.join(CHROMIUM)}")
    profile = tmp_path_factory.mktemp("chromium")

    def start():
        driver = playwright.sync_playwright().start()
        try:
            context = driver.chromium.launch_persistent_context(
                profile, executable_path=program, headless=True, offline=True, args=SWITCHES
            )
        except BaseException:
            driver.stop()
            raise
        return driver, context

    def stop(driver, context):
        context.close()
        driver.stop()

    def on_a_page(context, f):
        page = context.new_page()
        try:
            return f(page)
        finally:
            page.close()

    with ThreadPoolExecutor(max_workers=1) as thread:
        driver, context = thread.submit(start).result()
        try:
            yield lambda f: thread.submit(on_a_page, context, f).result()
        finally:
            thread.submit(stop, driver, context).result()


@pytest.fixture(scope="session")
def katex(browser):
    """Return a function that gives, for each of several LaTeX texts, what KaTeX has against it.

    That is an empty text where KaTeX can show it. Characters that KaTeX has no measures for, it
    shows as the browser does.
    """
    places = [Path("/usr/share/javascript/katex/katex.js")]
    if modules := os.environ.get("KATEX"):
        places.insert(0, Path(modules) / "katex" / "dist" / "katex.js")
    script = next(filter(Path.exists, places), None)
    if script is None:
        pytest.skip("needs KaTeX: Debian's libjs-katex, or KATEX=the node_modules that it is in")

    def complaints(texts):
        def told(page):
            page.add_script_tag(path=script)
            return page.evaluate(_COMPLAINTS, list(texts))

        return browser(told)

    return complaints


_COMPLAINTS = """texts => texts.map(text => {
  const strict = code => code === "unknownSymbol" ? "ignore" : "error";
  try {
    katex.renderToString(text, {throwOnError: true, displayMode: true, strict});
    return "";
  } catch (error) {
    return String(error.message);
  }
})"""
