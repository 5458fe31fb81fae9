"""Print how long the page of a graph of 300 Values computes in Chromium: opened, then changed.

Needs Playwright and a Chromium; see tests/browser.py.
"""

import random
import shutil
import statistics
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

import autograd_mini as ag
from autograd_mini.engines.graph import Graph
from autograd_mini.nn import MLP
from autograd_mini.views.page.page import explore

ROUNDS = 20

MOVED = """() => {
  const slider = document.querySelector("#sliders input[type=range]");
  slider.value = slider.valueAsNumber + 0.001;
  const start = performance.now();
  slider.dispatchEvent(new Event("input"));
  return performance.now() - start;
}"""
STEPPED = """() => {
  const start = performance.now();
  document.getElementById("back").click();
  return performance.now() - start;
}"""


def network():
    """Return the cost of a network of scalar nodes, of about 300 Values."""
    model = MLP(4, [9, 6], activation="tanh", rng=random.Random(0), fused=False)
    x = [ag.Value(0.1 * i - 0.2, name=f"x{i}") for i in range(4)]
    return ag.losses.squared_error(model(x), [0.1 * i for i in range(6)])


def seconds(session):
    """Return the seconds that scripts, and all tasks, have taken so far."""
    metrics = {m["name"]: m["value"] for m in session.send("Performance.getMetrics")["metrics"]}
    return metrics["ScriptDuration"], metrics["TaskDuration"]


def opened(context, path):
    """Return an opened page, and the milliseconds of its scripts and of all tasks."""
    page = context.new_page()
    session = context.new_cdp_session(page)
    session.send("Performance.enable")
    before = seconds(session)
    page.goto(path.as_uri())
    after = seconds(session)
    return page, *(1000 * (b - a) for a, b in zip(before, after, strict=True))


def main():
    root = network()
    program = shutil.which("chromium") or shutil.which("google-chrome") or sys.exit("no Chromium")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        path = Path(folder) / "page.html"
        size = len(explore(root, path, max_nodes=1000).html)
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        context = browser.new_context()
        openings = []
        for _ in range(5):
            page, *times = opened(context, path)
            openings.append(times)
        page.keyboard.press("End")
        moves = [page.evaluate(MOVED) for _ in range(ROUNDS)]
        steps = [page.evaluate(STEPPED) for _ in range(ROUNDS)]
        browser.close()
    script, task = (statistics.median(column) for column in zip(*openings, strict=True))
    print(f"{len(Graph(root).order)} Values, {size / 1000:.0f} kB; medians:")
    print(f"opened: {script:.1f} ms of script, {task:.1f} ms of all tasks")
    print(f"a slider moved: {statistics.median(moves):.1f} ms of script, at most {max(moves):.1f}")
    print(f"a step back: {statistics.median(steps):.1f} ms of script, at most {max(steps):.1f}")


if __name__ == "__main__":
    main()
