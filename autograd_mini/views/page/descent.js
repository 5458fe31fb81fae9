// Gradient descent over the parameters, and the curve of the cost.

let costs = [];

const MOST_UPDATES = 6;

function descend() {
  const rate = element("rate").valueAsNumber;
  const isRate = rate > 0 && Number.isFinite(rate);
  markInvalid(element("rate"), !isRate);
  if (!isRate) {
    put(element("update"), "The learning rate must be a number above 0.");
    return;
  }
  const before = costs;
  const updates = parameters.map((i) => ({ i, old: data[i], gradient: gradients[i] }));
  change(() => updates.forEach(({ i, gradient }) => (data[i] -= rate * gradient)));
  costs = [...before, data[root]];
  showCurve();
  const texts = updates.slice(0, MOST_UPDATES).map(({ i, old, gradient }) =>
    `${nodes[i].name}: ${shown(old)} − ${shown(rate)} · ${inParentheses(gradient)} = ${shown(data[i])}`);
  if (updates.length > MOST_UPDATES) texts.push(`and ${updates.length - MOST_UPDATES} more in the same way`);
  element("update").replaceChildren(...texts.map((text) => create("span", text)));
}

function showCurve() {
  const count = costs.length - 1;
  put(element("cost"), `After ${count} step${count === 1 ? "" : "s"}: ${nodes[root].name} = ${shown(data[root])}`);
  const finite = costs.filter(Number.isFinite);
  const low = Math.min(...finite);
  const high = Math.max(...finite);
  const x = (k) => 62 + (k * 326) / Math.max(1, count);
  // Halves, since the difference of two floats may be too large for a float.
  const y = (cost) => (high === low ? 85 : 150 - ((cost / 2 - low / 2) / (high / 2 - low / 2)) * 130);
  const points = costs.map((cost, k) => [x(k), y(cost)]).filter((_, k) => Number.isFinite(costs[k]));
  const label = (text, at, anchor) => {
    const made = shape("text", { x: at[0], y: at[1], "text-anchor": anchor });
    made.textContent = text;
    return made;
  };
  element("curve").replaceChildren(
    shape("path", { d: "M 62 10 V 160 H 392", class: "axis" }),
    ...(finite.length ? [label(short(high), [56, y(high) + 4], "end")] : []),
    ...(high > low ? [label(short(low), [56, y(low) + 4], "end")] : []),
    label("0", [62, 178], "middle"),
    ...(count ? [label(String(count), [388, 178], "end")] : []),
    label("steps", [225, 178], "middle"),
    shape("polyline", { points: points.map((at) => at.join(",")).join(" "), class: "curve" }),
    ...points.slice(-40).map(([cx, cy]) => shape("circle", { cx, cy, r: 3 })),
  );
}

function shape(tag, attributes) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}
