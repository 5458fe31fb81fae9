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

// The numbers of the operands as the row names them: an array for one inside a sum. The slot of an
// operand is the number of its name in the row, and its place in that array or null.
function arranged(i) {
  const numbers = ROWS[nodes[i].op].sequences.map((several) => (several ? [] : NaN));
  nodes[i].operands.forEach((operand, k) => {
    const [slot, place] = nodes[i].slots[k];
    const x = isValue(operand) ? data[operand] : operand[0];
    if (place === null) numbers[slot] = x;
    else numbers[slot][place] = x;
  });
  return numbers;
}

function computeNode(i) {
  const [out, found] = ROWS[nodes[i].op].compute(...arranged(i));
  data[i] = out;
  partials[i] = nodes[i].slots.map(([slot, place]) => {
    const partial = place === null ? found[slot] : found[slot][place];
    return Number.isNaN(out) ? NaN : partial;
  });
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
  return written(x, digits).replaceAll("-", "−");
}

function written(x, digits) {
  const size = Math.abs(x);
  if (size < 1e-4 || size >= 1e6)
    return x.toExponential(digits - 1).replace(/\.?0*e\+?/, "e");
  // All the digits before the point: none of them may turn into a zero.
  return size >= 1e4 ? x.toFixed(0) : String(Number(x.toPrecision(digits)));
}

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

// The derivative at one place as a factor or a term; a minus sign stands only before the first.
function enclosed(node, place, isFirst) {
  const text = nodes[node].factors[place];
  return !isFirst && text.startsWith("−") ? `(${text})` : text;
}

// The local derivative of a use, as a number, in symbols, and as a factor: the sum over its places.
const local = ({ node, places }) => places.reduce((sum, place) => sum + partials[node][place], 0);

function localText({ node, places }) {
  if (places.length === 1) return nodes[node].partials[places[0]];
  return places.map((place, k) => enclosed(node, place, k === 0)).join(" + ");
}

function factorText(use, isFirst) {
  return use.places.length > 1 ? `(${localText(use)})` : enclosed(use.node, use.places[0], isFirst);
}

function create(tag, text = "", attributes = {}) {
  const made = document.createElement(tag);
  made.append(...breakable(text));
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}

// Text that may go on in a new line before a part of a name, as in layers.0.neurons.1.bias.
function breakable(text) {
  const [first, ...others] = text.split(/\.(?=[a-z])/);
  return [first, ...others.flatMap((part) => [document.createElement("wbr"), `.${part}`])];
}

function exact(x) {
  return create("data", shown(x), { value: String(x), title: String(x) });
}

// Cells are texts or elements.
function tableRow(cells, tag = "td") {
  const row = document.createElement("tr");
  for (const cell of cells) {
    const made = create(tag, typeof cell === "string" ? cell : "");
    if (typeof cell !== "string") made.append(cell);
    if (tag === "th" && cell !== "") made.setAttribute("scope", "col");
    row.append(made);
  }
  return row;
}

function set(part, name, value) {
  if (part.getAttribute(name) !== String(value)) part.setAttribute(name, value);
}

function put(part, text) {
  if (part.textContent !== text) part.textContent = text;
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
  const isPlaying = timer !== null;
  put(element("play-word"), isPlaying ? "pause" : "play");
  set(element("play-icon"), "d", isPlaying ? "M3 1h4v14H3zM9 1h4v14H9z" : "M3 1v14l11-7z");
  // A screen reader could not keep up with the steps.
  set(element("saying"), "aria-live", isPlaying ? "off" : "polite");
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
  const edges = (node.operands ?? []).map((_, place) => element(`edge${i}.${place}`));
  const labels = edges.map((edge) => edge?.querySelector("text"));
  const parts = [circle, element(`edge${i}`), ...edges].filter((part) => part);
  return { box, value: texts.at(-3), gradient: texts.at(-1), parts, labels };
});

const MARKS = ["future", "current", "touched", "selected"];

function mark(part, ...marks) {
  for (const name of MARKS) part.classList.toggle(name, marks.includes(name));
}

function showDrawing(soFar) {
  const { kind, node } = steps[step];
  const touched = kind === "backward" ? operandsOf(node) : [];
  boxes.forEach((_, i) => {
    const isKnown = isLeaf(i) || forwardStep.get(i) <= step;
    const time = !isKnown ? "future" : node === i ? "current" : "";
    showBox(i, isKnown, soFar.get(i));
    mark(boxes[i].box, time, touched.includes(i) ? "touched" : "", selected === i ? "selected" : "");
    showOperation(i, isKnown, kind === "seed" && time === "current" ? "" : time);
  });
}

function showBox(i, isKnown, gradient) {
  const { box, value, gradient: below } = boxes[i];
  put(value, isKnown ? short(data[i]) : "");
  put(below, gradient === undefined ? "" : short(gradient));
  set(box, "data-value", isKnown ? data[i] : "");
  set(box, "data-gradient", gradient ?? "");
  const label = [nodes[i].name, nodes[i].role];
  if (isKnown) label.push(shown(data[i]));
  if (gradient !== undefined) label.push(`gradient ${shown(gradient)}`);
  set(box, "aria-label", label.join(", "));
  if (steps[step].node === i) set(box, "aria-current", "step");
  else box.removeAttribute("aria-current");
}

// The circle of the operation that made a node, and its arrows.
function showOperation(i, isKnown, time) {
  const { parts, labels } = boxes[i];
  for (const part of parts) mark(part, time);
  labels.forEach((label, place) => {
    if (label) put(label, isKnown ? short(partials[i][place]) : "");
  });
}

// Scrolls the drawing so that the node of the step is seen, and its operands if there is room.
function bringIntoView() {
  const center = selected ?? steps[step].node ?? leaves[0];
  const frame = element("graph").getBoundingClientRect();
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
    nodes[node].operands.forEach((operand, place) => rows.push(forwardRow(node, operand, place)));
  } else if (kind === "backward") {
    const several = passed[node].some(({ operand }) => isUsedAgain(operand));
    rows.push(tableRow(["gradient", "upstream × local", "", "adds", several ? "sum so far" : ""], "th"));
    for (const one of passed[node]) rows.push(backwardRow(node, one, several));
  }
  element("operands").replaceChildren(...rows);
}

const isUsedAgain = (i) => uses[i].length > 1 || uses[i][0].places.length > 1;

function forwardRow(node, operand, place) {
  if (!isValue(operand)) return tableRow(["a constant", exact(operand[0]), "", ""]);
  const symbols = nodes[node].partials[place];
  const number = exact(partials[node][place]);
  return tableRow([
    nodes[operand].name,
    exact(data[operand]),
    `${partial(node, operand)} = ${symbols}`,
    number.textContent === symbols ? "" : after("= ", number),
  ]);
}

function backwardRow(node, { operand, place, amount, sum }, several) {
  return tableRow([
    gradientName(operand),
    `${gradientName(node)} · ${enclosed(node, place, false)}`,
    `= ${inParentheses(gradients[node])}${inParentheses(partials[node][place])}`,
    after("= ", exact(amount)),
    several ? exact(sum) : "",
  ]);
}

function after(text, part) {
  const made = create("span", text, { class: "whole" });
  made.append(part);
  return made;
}

const MOST_PATHS = 4;
const LONGEST_PATH = 14;

// Returns the paths from the result to a node as lists of uses, or null if there are too many.
function pathsTo(i) {
  const found = [];
  const unfinished = [[i, []]];
  while (unfinished.length) {
    const [at, path] = unfinished.pop();
    if (at === root) {
      found.push(path);
      if (found.length > MOST_PATHS) return null;
      continue;
    }
    if (path.length >= LONGEST_PATH || unfinished.length > 64) return null;
    for (const use of uses[at]) unfinished.push([use.node, [{ use, of: at }, ...path]]);
  }
  return found;
}

// A left side, and what it is equal to line by line, without repetitions.
function line(left, parts) {
  const block = create("p", "", { class: "derivation" });
  const texts = parts.filter((part, k) => k === 0 || part !== parts[k - 1]);
  texts.forEach((text, k) => {
    const right = create("span", "= ");
    right.append(...factorsOf(text));
    block.append(create("span", k === 0 ? left : ""), right);
  });
  return block;
}

// The factors of a product as pieces that stay in one line if there is room.
function factorsOf(text) {
  const pieces = text.split(/( · |\)(?=\())/); // with what separates them at the odd places
  return pieces.flatMap((piece, k) => {
    if (k % 2) return piece === ")" ? [] : [piece];
    return [create("span", pieces[k + 1] === ")" ? `${piece})` : piece, { class: "whole" })];
  });
}

function showChain() {
  const i = selected ?? steps[step].node ?? parameters[0] ?? leaves[0];
  put(element("chain-heading"), `Chain rule: ${gradientName(i)} = ${shown(gradients[i])}`);
  element("ways").replaceChildren(...chainBlocks(i));
}

function chainBlocks(i) {
  if (i === root) return [line(gradientName(i), ["1"])];
  const paths = pathsTo(i);
  if (paths === null) return [create("p", "Over what is computed from it:"), lineOverUses(i)];
  if (paths.length === 1) return [lineOfPath(paths[0], gradientName(i))];
  return [
    ...paths.flatMap((path) => [create("p", route(path)), lineOfPath(path, chainOf(path))]),
    line(gradientName(i), [`${shown(gradients[i])}, the sum over ${paths.length} paths`]),
  ];
}

const chainOf = (path) => path.map(({ use, of }) => partial(use.node, of)).join(" · ");
const route = (path) => [...path.map(({ of }) => of).reverse(), root].map((i) => nodes[i].name).join(" → ");

// One path: the partial derivatives (unless they are the left side), in symbols, in numbers, their product.
function lineOfPath(path, left) {
  const product = shown(path.reduce((value, { use }) => value * local(use), 1));
  if (path.length === 1) return line(left, [localText(path[0].use), product]);
  const chain = chainOf(path);
  return line(left, [
    ...(chain === left ? [] : [chain]),
    path.map(({ use }, k) => factorText(use, k === 0)).join(" · "),
    path.map(({ use }) => inParentheses(local(use))).join(""),
    product,
  ]);
}

const MOST_TERMS = 8;

function lineOverUses(i) {
  const sum = (term) =>
    uses[i].slice(0, MOST_TERMS).map(term).join(" + ") + (uses[i].length > MOST_TERMS ? " + …" : "");
  const before = ({ node }) => (node === root ? "" : `${gradientName(node)} · `);
  return line(gradientName(i), [
    sum((use) => before(use) + partial(use.node, i)),
    sum((use) => before(use) + factorText(use, use.node === root)),
    sum((use) => inParentheses(gradients[use.node]) + inParentheses(local(use))),
    shown(gradients[i]),
  ]);
}

function showWarning() {
  const text = warning();
  element("warning").hidden = text === "";
  put(element("warning"), text);
}

function warning() {
  const isBad = (i) => !Number.isFinite(data[i]);
  const leaf = leaves.find(isBad);
  if (leaf !== undefined)
    return `${nodes[leaf].name} is ${shown(data[leaf])}: the computation needs finite numbers.`;
  const bad = computed.find(isBad); // the first, so its operands are finite
  if (bad !== undefined) {
    const row = ROWS[nodes[bad].op];
    const why = row.inside(...arranged(bad)) ? "it overflows" : `outside the domain of ${row.domain}`;
    return `${nodes[bad].name} = ${nodes[bad].formula} is ${shown(data[bad])}: ${why}.`;
  }
  const steep = leaves.find((i) => !Number.isFinite(gradients[i]));
  if (steep === undefined) return "";
  return `${gradientName(steep)} is ${shown(gradients[steep])}: there is no finite slope here.`;
}

function show() {
  const phase = step < seedStep ? "forward" : "backward";
  const last = steps.length - 1;
  document.body.dataset.step = step;
  document.body.dataset.phase = phase;
  element("progress").value = step;
  set(element("progress"), "aria-valuetext", `step ${step} of ${last}, ${phase}`);
  put(element("count"), `${step} / ${last}`);
  // Not disabled, which would take the focus away.
  for (const id of ["first", "back"]) set(element(id), "aria-disabled", step === 0);
  for (const id of ["last", "forward"]) set(element(id), "aria-disabled", step === last);
  showDrawing(gradientsSoFar());
  showStep();
  showChain();
  showLeaves();
  showWarning();
}

// --- numbers to change ------------------------------------------------------------------------

const LARGEST = Number.MAX_VALUE;
const within = (x) => Math.min(Math.max(x, -LARGEST), LARGEST);

const inputs = leaves.map((i) => {
  const { name, role, data: middle } = nodes[i];
  const reach = Math.max(1, 2 * Math.abs(middle));
  const [min, max] = Number.isFinite(middle) ? [within(middle - reach), within(middle + reach)] : [-1, 1];
  const any = { step: "any", autocomplete: "off" }; // else Firefox fills in what it was before
  const field = create("input", "", { ...any, type: "number", "aria-label": `${name}, number` });
  const slider = create("input", "", { ...any, type: "range", min, max, "aria-label": `${name}, slider` });
  const gradient = create("data");
  const row = tableRow([name, field, slider, gradient]);
  row.className = role;
  element("sliders").tBodies[0].append(row);
  for (const input of [field, slider]) {
    input.addEventListener("input", () => {
      const wanted = input.valueAsNumber;
      markInvalid(field, Number.isNaN(wanted));
      if (!Number.isNaN(wanted)) change(() => (data[i] = wanted), input);
    });
  }
  return { i, field, slider, gradient };
});

function markInvalid(field, isInvalid) {
  field.classList.toggle("invalid", isInvalid);
  set(field, "aria-invalid", isInvalid);
}

// Shows the numbers of the leaves, but not in the input that a number is being put into.
function showInputs(source) {
  for (const { i, field, slider } of inputs) {
    if (field !== source) {
      field.value = Number.isFinite(data[i]) ? data[i] : ""; // it takes no others
      markInvalid(field, false);
    }
    if (slider !== source && Number.isFinite(data[i])) slider.value = data[i];
  }
}

function change(makeChange, source = null) {
  makeChange();
  compute();
  put(element("update"), "");
  costs = [data[root]];
  showCurve();
  showInputs(source);
  show();
}

function showLeaves() {
  for (const { i, gradient } of inputs) {
    put(gradient, shown(gradients[i]));
    set(gradient, "value", gradients[i]);
    set(gradient, "title", gradients[i]);
  }
}

function reset() {
  change(() => leaves.forEach((i, k) => (data[i] = start[k])));
}

// --- gradient descent -------------------------------------------------------------------------

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
  if (!(event.key in KEYS) || isOthers(event)) return;
  event.preventDefault();
  if (event.key !== " ") pause();
  CONTROLS[KEYS[event.key]]();
});

// Whether a key belongs to the browser, or to the element that has the focus.
function isOthers({ key, target, ctrlKey, metaKey, altKey }) {
  if (ctrlKey || metaKey || altKey) return true;
  if (target.tagName === "INPUT") return key !== " " || target.type !== "range";
  return key === " " && target.tagName === "BUTTON";
}

element("descent").hidden = parameters.length === 0;
element("rate").value = GRAPH.lr;
reset();
showPlaying();
