// The page of explore(): GRAPH is the graph, ROWS are the rules of its operations.
// Numbers are computed anew on each change; a step only decides what of them is shown.

const nodes = GRAPH.nodes;
const root = GRAPH.root;
const element = (id) => document.getElementById(id);
const isLeaf = (i) => nodes[i].op === undefined;
const computed = nodes.map((_, i) => i).filter((i) => !isLeaf(i));
// Leaves in the order in which the computation takes them up.
const isValue = (operand) => typeof operand === "number"; // and not a constant, [number]
const operandsOf = (i) => nodes[i].operands.filter(isValue);
const leaves = isLeaf(root) ? [root] : [...new Set(computed.flatMap(operandsOf))].filter(isLeaf);
const parameters = leaves.filter((i) => nodes[i].role === "parameter");

// For each node, its uses: the node computed from it, and the places among that one's operands.
const uses = nodes.map(() => []);
for (const i of computed) {
  const places = new Map();
  nodes[i].operands.forEach((operand, place) => {
    if (isValue(operand)) places.set(operand, [...(places.get(operand) ?? []), place]);
  });
  for (const [operand, at] of places) uses[operand].push({ node: i, places: at });
}

// --- computing --------------------------------------------------------------------------------

const start = leaves.map((i) => nodes[i].data);
const data = nodes.map((node) => node.data);
const partials = nodes.map(() => []);
const gradients = nodes.map(() => 0);
const passed = nodes.map(() => []); // what each node adds to the gradients of its operands

function computeNode(i) {
  const row = ROWS[nodes[i].op];
  const numbers = nodes[i].operands.map((o) => (isValue(o) ? data[o] : o[0]));
  const several = row.sequences.filter((one) => one).length;
  const length = several ? (numbers.length - (row.sequences.length - several)) / several : 0;
  let next = 0;
  const operands = row.sequences.map((isSequence) =>
    isSequence ? numbers.slice(next, (next += length)) : numbers[next++],
  );
  const out = row.value(...operands);
  data[i] = out;
  const found = [];
  row.partials.forEach((partial, slot) => {
    for (let k = 0; k < (row.sequences[slot] ? length : 1); k++) {
      const at = operands.map((operand, s) => (row.sequences[s] ? operand[k] : operand));
      found.push(Number.isNaN(out) ? NaN : partial(...at, out));
    }
  });
  partials[i] = found;
}

function differentiate() {
  gradients.fill(0);
  gradients[root] = 1;
  for (let k = computed.length - 1; k >= 0; k--) {
    const i = computed[k];
    passed[i] = [];
    nodes[i].operands.forEach((operand, place) => {
      if (!isValue(operand)) return;
      const amount = gradients[i] * partials[i][place];
      gradients[operand] += amount;
      passed[i].push({ operand, place, amount, sum: gradients[operand] });
    });
  }
}

function compute() {
  computed.forEach(computeNode);
  differentiate();
}

// --- text -------------------------------------------------------------------------------------

function shown(x, digits = 4) {
  if (Number.isNaN(x)) return "NaN";
  if (!Number.isFinite(x)) return x > 0 ? "∞" : "−∞";
  if (x === 0) return "0";
  const size = Math.abs(x);
  const text = size >= 1e-4 && size < 1e6 ? String(Number(x.toPrecision(digits))) : exponential(x, digits);
  return text.replaceAll("-", "−");
}

const exponential = (x, digits) =>
  x.toExponential(digits - 1).replace(/\.?0*e\+?/, "e");

// At most as wide as the room that is left for a number in the drawing.
function short(x) {
  for (let digits = 4; ; digits--) {
    const text = shown(x, digits);
    if (text.length <= 9 || digits === 1) return text;
  }
}

const partial = (of, by) => `∂${nodes[of].name}/∂${nodes[by].name}`;
const gradientName = (i) => partial(root, i);
const inParentheses = (x) => `(${shown(x)})`;
const localText = (use) => use.places.map((place) => nodes[use.node].partials[place]).join(" + ");
const local = (use) => use.places.reduce((sum, place) => sum + partials[use.node][place], 0);

function asFactor(text, isFirst) {
  const isSum = / [+−] | if /.test(text.replaceAll(/\([^()]*\)/g, ""));
  return isSum || (!isFirst && text.startsWith("−")) ? `(${text})` : text;
}

function create(tag, text = "", attributes = {}) {
  const made = document.createElement(tag);
  made.textContent = text;
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}

function exact(x) {
  return create("data", shown(x), { value: String(x), title: String(x) });
}

function tableRow(cells, tag = "td") {
  const row = document.createElement("tr");
  for (const cell of cells) {
    const made = create(tag);
    made.append(cell);
    row.append(made);
  }
  return row;
}

// --- steps ------------------------------------------------------------------------------------

const steps = [
  { kind: "leaves" },
  ...computed.map((node) => ({ kind: "forward", node })),
  { kind: "seed", node: root },
  ...[...computed].reverse().map((node) => ({ kind: "backward", node })),
];
const seedStep = computed.length + 1;
const forwardStep = new Map(computed.map((node, k) => [node, k + 1]));
const backwardStep = new Map(computed.map((node, k) => [node, 2 * computed.length + 1 - k]));
let step = 0;
let selected = null; // the node whose chain rule is shown; null for that of the step

function gradientsSoFar() {
  const found = new Map(step >= seedStep ? [[root, 1]] : []);
  for (let s = seedStep + 1; s <= step; s++)
    for (const { operand, sum } of passed[steps[s].node]) found.set(operand, sum);
  return found;
}

function completeStep(i) {
  return i === root ? seedStep : Math.max(...uses[i].map((use) => backwardStep.get(use.node)));
}

function goTo(wanted, choice = null) {
  step = Math.min(Math.max(wanted, 0), steps.length - 1);
  selected = choice;
  if (step === steps.length - 1) pause();
  show();
  bringIntoView();
}

function choose(i) {
  pause();
  if (step < seedStep) goTo(forwardStep.get(i) ?? 0, i);
  else goTo(backwardStep.get(i) ?? completeStep(i), i);
}

let timer = null;

function pause() {
  clearInterval(timer);
  timer = null;
  showPlaying();
}

function play() {
  if (timer !== null) return pause();
  if (step === steps.length - 1) goTo(0);
  timer = setInterval(() => goTo(step + 1), 1000);
  showPlaying();
}

function showPlaying() {
  const word = timer === null ? "play" : "pause";
  put(element("play-word"), word);
  element("play-icon").setAttribute("d", timer === null ? "M3 1v14l11-7z" : "M3 1h4v14H3zM9 1h4v14H9z");
}

// --- the drawing ------------------------------------------------------------------------------

const svg = document.querySelector("#graph svg");
const width = svg.viewBox.baseVal.width * (4 / 3); // from points
svg.removeAttribute("width");
svg.removeAttribute("height");
svg.style.maxWidth = `${width}px`;
svg.style.minWidth = `${0.62 * width}px`; // smaller, the numbers could not be read

const boxes = nodes.map((node, i) => {
  const box = element(`value${i}`);
  const texts = [...box.querySelectorAll("text")];
  const circle = element(`op${i}`);
  for (const part of [box, circle]) part?.addEventListener("click", () => choose(i));
  box.setAttribute("tabindex", "0");
  box.setAttribute("role", "button");
  box.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    event.stopPropagation();
    choose(i);
  });
  const edges = (node.operands ?? []).map((operand, place) => element(`edge${i}.${place}`));
  return { box, circle, value: texts.at(-3), grad: texts.at(-1), out: element(`edge${i}`), edges };
});

function put(text, content) {
  if (text.textContent !== content) text.textContent = content;
}

function mark(part, classes) {
  for (const name of ["future", "current", "touched"])
    part.classList.toggle(name, classes.includes(name));
}

function showDrawing(soFar) {
  const now = steps[step];
  const touched = new Set(now.kind === "backward" ? passed[now.node].map((one) => one.operand) : []);
  boxes.forEach(({ box, circle, value, grad, out, edges }, i) => {
    const isKnown = isLeaf(i) || forwardStep.get(i) <= step;
    put(value, isKnown ? short(data[i]) : "");
    put(grad, soFar.has(i) ? short(soFar.get(i)) : "");
    box.dataset.value = isKnown ? data[i] : "";
    box.dataset.gradient = soFar.get(i) ?? "";
    const classes = isKnown ? [] : ["future"];
    if (now.node === i) classes.push("current");
    if (touched.has(i)) classes.push("touched");
    mark(box, classes);
    box.setAttribute("aria-label", [
      `${nodes[i].name}, ${nodes[i].role}`,
      ...(isKnown ? [shown(data[i])] : []),
      ...(soFar.has(i) ? [`gradient ${shown(soFar.get(i))}`] : []),
    ].join(", "));
    if (isLeaf(i)) return;
    mark(circle, now.node === i && now.kind !== "seed" ? ["current"] : isKnown ? [] : ["future"]);
    const isActive = now.node === i && now.kind !== "seed";
    for (const edge of [...edges, out]) {
      if (edge) mark(edge, isActive ? ["current"] : isKnown ? [] : ["future"]);
    }
    edges.forEach((edge, place) => {
      if (edge) put(edge.querySelector("text"), isKnown ? short(partials[i][place]) : "");
    });
  });
}

// Scrolls the drawing so that the node of the step is seen, and its operands if there is room.
function bringIntoView() {
  const { node } = steps[step];
  if (node === undefined) return;
  const frame = element("graph").getBoundingClientRect();
  const center = selected ?? node;
  const operands = isLeaf(center) ? [] : operandsOf(center);
  const rectangles = [center, ...operands].map((i) => boxes[i].box.getBoundingClientRect());
  for (const [side, from, to] of [["scrollLeft", "left", "right"], ["scrollTop", "top", "bottom"]]) {
    let low = Math.min(...rectangles.map((one) => one[from]));
    let high = Math.max(...rectangles.map((one) => one[to]));
    if (high - low > frame[to] - frame[from]) [low, high] = [rectangles[0][from], rectangles[0][to]];
    if (low < frame[from] || high > frame[to])
      element("graph")[side] += (low + high - frame[from] - frame[to]) / 2;
  }
}

// --- the panels -------------------------------------------------------------------------------

const SAYINGS = {
  leaves: () => ["The leaves", "The numbers that the computation begins with."],
  forward: (i) => [
    `${nodes[i].name} = ${nodes[i].formula} = ${shown(data[i])}`,
    `Forward: the operation ${nodes[i].op} gives ${nodes[i].name}, and its local derivatives.`,
  ],
  seed: (i) => [`${gradientName(i)} = 1`, "The backward pass begins at the result."],
  backward: (i) => [
    `Back through ${nodes[i].name} = ${nodes[i].formula}`,
    `${gradientName(i)} = ${shown(gradients[i])} goes to each operand, times the local derivative.`,
  ],
};

function showStep() {
  const { kind, node } = steps[step];
  const [heading, saying] = SAYINGS[kind](node);
  put(element("heading"), heading);
  put(element("saying"), saying);
  const rows = [];
  if (kind === "leaves") {
    rows.push(tableRow(["leaf", "number"], "th"));
    for (const i of leaves) rows.push(tableRow([nodes[i].name, exact(data[i])]));
  } else if (kind === "forward") {
    rows.push(tableRow(["operand", "number", "local derivative", ""], "th"));
    nodes[node].operands.forEach((operand, place) => {
      if (!isValue(operand)) {
        rows.push(tableRow(["a constant", exact(operand[0]), "", ""]));
        return;
      }
      rows.push(tableRow([
        nodes[operand].name,
        exact(data[operand]),
        equation(partial(node, operand), nodes[node].partials[place]),
        equation("", exact(partials[node][place]), nodes[node].partials[place]),
      ]));
    });
  } else if (kind === "backward") {
    const several = passed[node].some(({ operand }) => uses[operand].length > 1 || uses[operand][0].places.length > 1);
    rows.push(tableRow(["gradient", "upstream × local", "", "adds", several ? "sum so far" : ""], "th"));
    for (const { operand, place, amount, sum } of passed[node]) {
      rows.push(tableRow([
        gradientName(operand),
        `${gradientName(node)} · ${asFactor(nodes[node].partials[place], false)}`,
        `= ${inParentheses(gradients[node])}${inParentheses(partials[node][place])}`,
        equation("", exact(amount)),
        several ? exact(sum) : "",
      ]));
    }
  }
  element("operands").replaceChildren(...rows);
}

// Returns "left = right"; nothing if the right is no more than the text before.
function equation(left, right, before = null) {
  const made = create("span", `${left} = `);
  made.append(right);
  return (right.textContent ?? right) === before ? "" : made;
}

const MOST_WAYS = 4;
const LONGEST_WAY = 14;

// Returns the ways from the result to a node as lists of uses, or null if there are too many.
function waysTo(i) {
  const found = [];
  const unfinished = [[i, []]];
  while (unfinished.length) {
    const [at, way] = unfinished.pop();
    if (at === root) {
      found.push(way);
      if (found.length > MOST_WAYS) return null;
      continue;
    }
    if (way.length >= LONGEST_WAY || unfinished.length > 64) return null;
    for (const use of uses[at]) unfinished.push([use.node, [{ use, of: at }, ...way]]);
  }
  return found;
}

function line(first, parts) {
  const block = create("p", "", { class: "derivation" });
  const texts = parts.filter((part, k) => k === 0 || part !== parts[k - 1]);
  texts.forEach((text, k) => {
    const right = create("span", "= ");
    text.split(" · ").forEach((piece, n) => right.append(n ? " · " : "", create("span", piece, { class: "whole" })));
    block.append(create("span", k === 0 ? first : ""), right);
  });
  return block;
}

function showChain() {
  const i = selected ?? steps[step].node ?? (parameters[0] ?? leaves[0]);
  put(element("chain-heading"), `Chain rule: ${gradientName(i)} = ${shown(gradients[i])}`);
  const ways = waysTo(i);
  const blocks = [];
  if (i === root) {
    blocks.push(line(gradientName(i), ["1"]));
  } else if (ways === null) {
    const terms = uses[i].slice(0, 8);
    const more = uses[i].length > terms.length ? " + …" : "";
    const product = (use, text) => (use.node === root ? text : `${gradientName(use.node)} · ${text}`);
    blocks.push(create("p", "Over what is computed from it:"));
    blocks.push(line(gradientName(i), [
      terms.map((use) => product(use, partial(use.node, i))).join(" + ") + more,
      terms.map((use) => product(use, asFactor(localText(use), use.node === root))).join(" + ") + more,
      terms.map((use) => `${inParentheses(gradients[use.node])}${inParentheses(local(use))}`).join(" + ") + more,
      shown(gradients[i]),
    ]));
  } else {
    for (const way of ways) {
      const chain = way.map(({ use, of }) => partial(use.node, of)).join(" · ");
      const numbers = way.map(({ use }) => inParentheses(local(use))).join("");
      const product = way.reduce((value, { use }) => value * local(use), 1);
      if (ways.length > 1)
        blocks.push(create("p", [...way].reverse().map(({ of }) => nodes[of].name).concat(nodes[root].name).join(" → ")));
      const symbols = way.map(({ use }, k) => way.length === 1 ? localText(use) : asFactor(localText(use), k === 0));
      blocks.push(line(ways.length > 1 ? chain : gradientName(i), [
        ...(ways.length > 1 || way.length === 1 ? [] : [chain]),
        symbols.join(" · "),
        ...(way.length === 1 ? [] : [numbers]),
        shown(product),
      ]));
    }
    if (ways.length > 1) blocks.push(line(gradientName(i), [`${shown(gradients[i])}, the sum over ${ways.length} ways`]));
  }
  element("ways").replaceChildren(...blocks);
}

function showWarning() {
  const bad = computed.find((i) => !Number.isFinite(data[i]));
  const steep = leaves.find((i) => !Number.isFinite(gradients[i]));
  const warning = element("warning");
  warning.hidden = bad === undefined && steep === undefined;
  if (bad !== undefined)
    put(warning, `${nodes[bad].name} = ${nodes[bad].formula} is ${shown(data[bad])}: a number is outside the domain of ${nodes[bad].op}.`);
  else if (steep !== undefined)
    put(warning, `${gradientName(steep)} is ${shown(gradients[steep])}: the graph has no slope here.`);
}

function show() {
  document.body.dataset.step = step;
  document.body.dataset.phase = step < seedStep ? "forward" : "backward";
  element("progress").value = step;
  element("progress").setAttribute("aria-valuetext", `step ${step} of ${steps.length - 1}, ${document.body.dataset.phase}`);
  put(element("count"), `${step} / ${steps.length - 1}`);
  element("first").disabled = element("back").disabled = step === 0;
  element("last").disabled = element("forward").disabled = step === steps.length - 1;
  showDrawing(gradientsSoFar());
  showStep();
  showChain();
  showLeaves();
  showWarning();
}

// --- numbers to change ------------------------------------------------------------------------

const inputs = leaves.map((i) => {
  const reach = Math.max(1, 2 * Math.abs(nodes[i].data));
  const name = nodes[i].name;
  const field = create("input", "", { type: "number", step: "any", "aria-label": `${name}, number` });
  const slider = create("input", "", {
    type: "range", step: "any", "aria-label": `${name}, slider`,
    min: nodes[i].data - reach, max: nodes[i].data + reach,
  });
  const gradient = create("data");
  const row = tableRow([name, field, slider, gradient]);
  row.className = nodes[i].role;
  element("sliders").tBodies[0].append(row);
  for (const input of [field, slider]) {
    input.addEventListener("input", () => {
      const wanted = input.valueAsNumber;
      field.classList.toggle("invalid", Number.isNaN(wanted));
      if (!Number.isNaN(wanted)) change(() => (data[i] = wanted), input);
    });
  }
  return { i, field, slider, gradient };
});

function change(set, source = null) {
  set();
  compute();
  beginCurve();
  for (const { i, field, slider } of inputs) {
    if (field !== source) field.value = data[i];
    if (slider !== source) slider.value = data[i];
  }
  show();
}

function showLeaves() {
  for (const { i, gradient } of inputs) {
    put(gradient, shown(gradients[i]));
    gradient.value = gradients[i];
  }
}

function reset() {
  for (const { field } of inputs) field.classList.remove("invalid");
  change(() => leaves.forEach((i, k) => (data[i] = start[k])));
  put(element("update"), "");
}

// --- gradient descent -------------------------------------------------------------------------

let costs = [];

function beginCurve() {
  costs = [data[root]];
  showCurve();
}

function descend() {
  const rate = element("rate").valueAsNumber;
  element("rate").classList.toggle("invalid", !Number.isFinite(rate));
  if (!Number.isFinite(rate)) {
    put(element("update"), "The learning rate must be a number.");
    return;
  }
  const lines = parameters.slice(0, 6).map((i) =>
    `${nodes[i].name}: ${shown(data[i])} − ${shown(rate)} · ${inParentheses(gradients[i])} = ${shown(data[i] - rate * gradients[i])}`);
  const before = costs;
  change(() => {
    for (const i of parameters) data[i] -= rate * gradients[i];
  });
  costs = [...before, data[root]];
  element("update").replaceChildren(...lines.flatMap((text) => [text, document.createElement("br")]));
  showCurve();
}

function showCurve() {
  const count = costs.length - 1;
  put(element("cost"), `After ${count} step${count === 1 ? "" : "s"}: ${nodes[root].name} = ${shown(data[root])}`);
  const finite = costs.filter(Number.isFinite);
  const low = Math.min(...finite);
  const high = Math.max(...finite);
  const x = (k) => 62 + (k * 326) / Math.max(1, count);
  const y = (cost) => (high === low ? 85 : 150 - ((cost - low) * 130) / (high - low));
  const points = costs.map((cost, k) => [x(k), y(cost)]).filter(([, at]) => Number.isFinite(at));
  const label = (text, at, attributes) => {
    const made = document.createElementNS("http://www.w3.org/2000/svg", "text");
    made.textContent = text;
    made.setAttribute("x", at[0]);
    made.setAttribute("y", at[1]);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    return made;
  };
  const shape = (tag, attributes) => {
    const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    return made;
  };
  element("curve").replaceChildren(
    shape("path", { d: "M 62 10 V 160 H 392", class: "axis" }),
    ...(finite.length ? [label(short(high), [56, y(high) + 4], { "text-anchor": "end" })] : []),
    ...(high > low ? [label(short(low), [56, y(low) + 4], { "text-anchor": "end" })] : []),
    label("0", [62, 178], { "text-anchor": "middle" }),
    ...(count ? [label(String(count), [388, 178], { "text-anchor": "end" })] : []),
    label("steps", [225, 178], { "text-anchor": "middle" }),
    shape("polyline", { points: points.map((at) => at.join(",")).join(" "), class: "curve" }),
    ...points.slice(-40).map(([cx, cy]) => shape("circle", { cx, cy, r: 3 })),
  );
}

// --- controls ---------------------------------------------------------------------------------

const CONTROLS = {
  first: () => goTo(0),
  back: () => goTo(step - 1),
  play,
  forward: () => goTo(step + 1),
  last: () => goTo(steps.length - 1),
  reset,
  restart: reset,
  descend,
};
for (const [id, act] of Object.entries(CONTROLS)) {
  element(id).addEventListener("click", () => {
    if (id !== "play") pause();
    act();
  });
}
element("progress").max = steps.length - 1;
element("progress").addEventListener("input", () => {
  pause();
  goTo(element("progress").valueAsNumber);
});
const KEYS = { ArrowRight: "forward", ArrowLeft: "back", Home: "first", End: "last", " ": "play" };
document.addEventListener("keydown", (event) => {
  const { target } = event;
  if (event.ctrlKey || event.metaKey || event.altKey || target.tagName === "INPUT") return;
  if (!(event.key in KEYS) || (event.key === " " && target.tagName === "BUTTON")) return;
  event.preventDefault();
  if (event.key !== " ") pause();
  CONTROLS[KEYS[event.key]]();
});

element("descent").hidden = parameters.length === 0;
element("rate").value = GRAPH.lr;
reset();
