// Gradient descent over the leaves that are trained, and the curve of the cost.

const trained = leaves.filter((i) => nodes[i].isTrained);
let costs = []; // before the first step, and after each
let lastRate = NaN;

const MOST_UPDATES = 6;
const MOST_DOTS = 40; // more would touch each other
const DECADES = 2; // from these on, the curve is logarithmic

function beginDescent() {
  costs = [data[root]];
  put(element("update"), "");
  showCurve();
}

function descend(count) {
  const rate = element("rate").valueAsNumber;
  const isRate = rate > 0 && Number.isFinite(rate);
  markInvalid(element("rate"), !isRate);
  if (!isRate) {
    put(element("update"), "The learning rate must be a number above 0.");
    return;
  }
  lastRate = rate;
  let updates = [];
  for (let k = 0; k < count && isFiniteHere(); k++) {
    updates = trained.map((i) => ({ i, old: data[i], gradient: gradients[i] }));
    for (const { i, gradient } of updates) data[i] -= rate * gradient;
    compute();
    costs.push(data[root]);
  }
  if (updates.length) showUpdates(updates, rate);
  showCurve();
  showInputs();
  show();
}

const isFiniteHere = () =>
  Number.isFinite(data[root]) && trained.every((i) => Number.isFinite(data[i]) && Number.isFinite(gradients[i]));

function showUpdates(updates, rate) {
  const texts = updates.slice(0, MOST_UPDATES).map(({ i, old, gradient }) => {
    const digits = digitsOfChange(old, data[i]);
    return `${nodes[i].name}: ${write(old, digits)} − ${write(rate)} · ${inParentheses(gradient)} = ${write(data[i], digits)}`;
  });
  if (updates.length > MOST_UPDATES) texts.push(`and ${updates.length - MOST_UPDATES} more in the same way`);
  const heading = create("span", `Step ${costs.length - 1}:`);
  element("update").replaceChildren(heading, ...texts.map((text) => create("span", text)));
}

// So many digits that the last of them is not larger than the change.
function digitsOfChange(old, now) {
  const place = (x) => Math.floor(Math.log10(Math.abs(x)));
  const digits = Math.max(place(old), place(now)) - place(now - old) + 1;
  return digits > 4 && now !== old ? Math.min(digits, 17) : 4; // also for NaN
}

// What is wrong with the descent, in words.
function findTrouble() {
  const last = costs.length - 1;
  const name = nodes[root].name;
  const [rate, smaller] = [write(lastRate), `such as ${write(lastRate / 10)}`];
  if (last && !isFiniteHere())
    return `Step ${last} leaves the finite numbers: ${name} has no minimum, or the learning rate ` +
      `${rate} is too large. Reset, and try a smaller one, ${smaller}.`;
  let before = last; // the step after which the cost has only grown
  while (before > 0 && costs[before] > costs[before - 1]) before--;
  let growth = "";
  if (before < last - 1) growth = `has grown since step ${before + 1}`;
  else if (before < last) growth = `grew in step ${last}`;
  else if (costs[last] > costs[0]) growth = "is larger than at the beginning";
  return growth && `${name} ${growth}: the learning rate ${rate} is too large here. Try a smaller one, ${smaller}.`;
}

function showCurve() {
  const count = costs.length - 1;
  put(element("cost"), `After ${count} step${count === 1 ? "" : "s"}: ${nodes[root].name} = ${write(data[root])}`);
  put(element("trouble"), findTrouble());
  const curve = element("curve");
  const [right, bottom] = [Math.max(curve.clientWidth, 200), 190];
  curve.setAttribute("viewBox", `0 0 ${right} ${bottom}`); // texts keep their size
  const { ticks, height, title } = scale(costs.filter(Number.isFinite));
  const left = 12 + 8 * Math.max(1, ...ticks.map(([, text]) => text.length));
  const x = (k) => left + 8 + (k * (right - left - 24)) / Math.max(1, count);
  const y = (cost) => 148 - height(cost) * 126;
  const points = costs.map((cost, k) => [x(k), y(cost)]).filter((_, k) => Number.isFinite(costs[k]));
  const label = (text, at, anchor) => {
    const made = shape("text", { x: at[0], y: at[1], "text-anchor": anchor });
    made.textContent = text;
    return made;
  };
  const dots = points.length > MOST_DOTS ? [] : points;
  curve.replaceChildren(
    shape("path", { d: `M ${left} 10 V 158 H ${right - 8}`, class: "axis" }),
    ...ticks.map(([cost, text]) => label(text, [left - 6, y(cost) + 4], "end")),
    label("0", [x(0), 178], "middle"),
    ...(count ? [label(String(count), [x(count), 178], "middle")] : []),
    label(title, [(left + right) / 2, 178], "middle"),
    shape("polyline", { points: points.map((at) => at.join(",")).join(" "), class: "curve" }),
    ...dots.map(([cx, cy]) => shape("circle", { cx, cy, r: 3 })),
  );
}

// The height of a cost, from 0 to 1, the costs that are written at the axis, and the title below.
function scale(finite) {
  const low = Math.min(...finite);
  const high = Math.max(...finite);
  if (!finite.length || low === high)
    return { title: "steps", ticks: finite.slice(0, 1).map((cost) => [cost, writeShort(cost)]), height: () => 0.5 };
  if (low <= 0 || Math.log10(high) - Math.log10(low) < DECADES) {
    // Halves, since the difference of two floats may be too large for a float.
    const height = (cost) => (cost / 2 - low / 2) / (high / 2 - low / 2);
    return { title: "steps", ticks: [low, high].map((cost) => [cost, writeShort(cost)]), height };
  }
  const [lowest, highest] = [Math.floor(Math.log10(low)), Math.ceil(Math.log10(high))];
  const each = Math.ceil((highest - lowest) / 5);
  const ticks = [];
  for (let k = lowest; k <= highest; k += each) ticks.push([Number(`1e${k}`), writeShort(Number(`1e${k}`))]);
  const height = (cost) => (Math.log10(cost) - lowest) / (highest - lowest);
  return { title: "steps; logarithmic scale", ticks, height };
}

function shape(tag, attributes) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}
