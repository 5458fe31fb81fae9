"""Whether the texts and controls of a page have the room that they need."""

FIELDS_AND_TEXTS = """() => {
  const graph = document.getElementById("graph");
  const found = [];
  // The ink of a line of text is lower than its box, which has room for accents and tails.
  const add = (text, line, part, inset) => {
    const box = [line.left, line.top + inset, line.right, line.bottom - inset];
    found.push({ text: text.trim(), box, part });
  };
  const isSeen = (one) => one.checkVisibility({ visibilityProperty: true });
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const [text, part] = [walker.currentNode, walker.currentNode.parentElement];
    if (!text.data.trim() || part.closest("script, noscript, style, .skip") || !isSeen(part))
      continue;
    const range = document.createRange();
    range.selectNodeContents(text);
    for (const line of range.getClientRects())
      if (line.width > 0.5) add(text.data, line, part, 0.18 * line.height);
  }
  for (const field of document.querySelectorAll("input")) {
    const name = field.getAttribute("aria-label") ?? field.id;
    if (isSeen(field)) add(name, field.getBoundingClientRect(), field, 0);
  }

  const problems = [];
  const isWithin = (box, outer) => box[0] >= outer.left - 1 && box[2] <= outer.right + 1
    && box[1] >= outer.top - 1 && box[3] <= outer.bottom + 1;
  for (const { text, box, part } of found) {
    if (graph.contains(part)) {
      // A text in the drawing belongs to a node, and the drawing is in a frame that scrolls.
      const node = part.closest(".node") ?? graph.querySelector("svg");
      const shape = node.querySelector(":scope > :is(polygon, ellipse)") ?? node;
      if (!isWithin(box, shape.getBoundingClientRect())) problems.push(`${text} leaves its box`);
      continue;
    }
    if (box[0] < 0 || box[2] > innerWidth) problems.push(`${text} leaves the window`);
    for (let at = part; at !== document.body; at = at.parentElement) {
      if (getComputedStyle(at).display === "inline") continue;
      if (!isWithin(box, at.getBoundingClientRect())) problems.push(`${text} leaves ${at.tagName}`);
    }
    const panel = part.closest("section, svg, button, td, p");
    if (panel?.clientWidth && panel.scrollWidth > panel.clientWidth + 1)
      problems.push(`${text} is cut`);
  }
  for (const [k, { text, box: [left, top, right, bottom], part }] of found.entries())
    for (const { text: other, box, part: place } of found.slice(0, k)) {
      // What is scrolled out of the frame of the drawing is not seen, so it covers nothing.
      if (graph.contains(part) !== graph.contains(place)) continue;
      const isBeside = left > box[2] - 0.5 || right < box[0] + 0.5;
      if (!isBeside && top < box[3] - 0.5 && bottom > box[1] + 0.5)
        problems.push(`${text} overlaps ${other}`);
    }
  const scrolls = graph.scrollWidth > graph.clientWidth || graph.scrollHeight > graph.clientHeight;
  if (scrolls && getComputedStyle(graph).backgroundImage === "none") problems.push("no shades");
  const unit = graph.querySelector("svg").getScreenCTM().a;
  const sizes = found.map(({ part }) =>
    parseFloat(getComputedStyle(part).fontSize) * (graph.contains(part) ? unit : 1));
  return { problems: [...new Set(problems)], smallest: Math.min(...sizes), count: found.length };
}"""


def assert_is_legible(page):
    """Assert that no text overlaps another, is cut, leaves its place, or is smaller than 12 px."""
    found = page.evaluate(FIELDS_AND_TEXTS)
    assert found["count"] > 10
    assert found["problems"] == []
    assert found["smallest"] >= 11.99


FIT = """() => {
  const all = [...document.querySelectorAll("button, input, label, #count, #phases span")]
    .filter((one) => one.getClientRects().length);
  const touch = (a, b) => a.left < b.right - 0.5 && b.left < a.right - 0.5
    && a.top < b.bottom - 0.5 && b.top < a.bottom - 0.5;
  const name = (one) => one.id || one.getAttribute("aria-label") || one.tagName;
  const found = [];
  for (const [i, one] of all.entries()) {
    const here = one.getBoundingClientRect();
    for (const other of all.slice(0, i))
      if (touch(here, other.getBoundingClientRect())) found.push([name(one), name(other)]);
    if (one.tagName === "BUTTON" && one.scrollWidth > one.clientWidth)
      found.push([name(one), "cut"]);
    if (here.right > innerWidth + 0.5 || here.left < -0.5) found.push([name(one), "outside"]);
  }
  for (const one of document.querySelectorAll("main section, header, h1, h2, p:not(#ways p)"))
    if (one.scrollWidth > one.clientWidth + 1) found.push([name(one), "too wide"]);
  const page = document.documentElement;
  if (page.scrollWidth > page.clientWidth) found.push(["page", "too wide"]);
  return found;
}"""


def assert_fits(page):
    """Assert that nothing is wider than the page, no text of a control cut, no two overlap."""
    assert page.evaluate(FIT) == []
