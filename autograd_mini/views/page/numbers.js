// The numbers of the page of explore(): GRAPH is the graph, ROWS are the rules of its operations.
// They are computed anew on each change; a step only decides what of them is shown.

const nodes = GRAPH.nodes;
const root = GRAPH.root;
const element = (id) => document.getElementById(id);
const isLeaf = (i) => nodes[i].op === undefined;
const computed = nodes.map((_, i) => i).filter((i) => !isLeaf(i));
const isValue = (operand) => typeof operand === "number"; // and not a constant, [number]
const operandsOf = (i) => nodes[i].operands.filter(isValue);
// In the order in which the computation takes them up.
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
function arrange(i) {
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
  if (nodes[i].recorded) { // by a function in Python, whose operands no input can change
    [data[i], partials[i]] = nodes[i].recorded;
    return;
  }
  const [out, found] = ROWS[nodes[i].op].compute(...arrange(i));
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

function write(x, digits = 4) {
  if (Number.isNaN(x)) return "NaN";
  if (!Number.isFinite(x)) return x > 0 ? "∞" : "−∞";
  if (x === 0) return "0";
  return format(x, digits).replaceAll("-", "−");
}

function format(x, digits) {
  const size = Math.abs(x);
  if (size < 1e-4 || size >= 1e6)
    return x.toExponential(digits - 1).replace(/\.?0*e\+?/, "e");
  // All the digits before the point: none of them may turn into a zero.
  return String(Number(x.toPrecision(Math.max(digits, String(Math.trunc(size)).length))));
}

// At most as wide as the room that is left for a number in the drawing.
function writeShort(x) {
  for (let digits = 4; ; digits--) {
    const text = write(x, digits);
    if (text.length <= 9 || digits === 1) return text;
  }
}

const partial = (of, by) => `∂${nodes[of].name}/∂${nodes[by].name}`;
const gradientName = (i) => partial(root, i);
const inParentheses = (x) => `(${write(x)})`;

// Texts with a sign between them; of those that begin with a minus, only the first has no parentheses.
const join = (sign, texts) =>
  texts.map((text, k) => (k > 0 && text.startsWith("−") ? `(${text})` : text)).join(sign);

// The number of the case that the local derivative at a place has.
function caseOf(i, place) {
  const [slot] = nodes[i].slots[place];
  return ROWS[nodes[i].op].cases[slot](...arrange(i));
}

// A derivative in symbols. That of a NaN is NaN, whatever its rule says.
const inSymbols = (value, text) => (Number.isNaN(value) ? write(value) : text);

// The factors of the chain rule from a node to the next ones with a name: the derivative of each by
// the node, as a number, in symbols and as a factor of a product.
const factorsFrom = (i) =>
  nodes[i].factors.map(({ of, paths, switches, texts }) => {
    const alone = (path) => path.reduce((value, [at, place]) => value * partials[at][place], 1);
    const value = paths.reduce((sum, path) => sum + alone(path), 0);
    const k = switches.reduce((sum, [at, place, count]) => sum * count + caseOf(at, place), 0);
    const [symbols, factor, places = ""] = texts[k].map((text) => inSymbols(value, text));
    return { of, by: i, value, symbols, factor, numbers: withNumbers(places) };
  });

// A formula with the numbers of its names. A negative one begins a sum or has parentheses; so has a
// power of ten before an exponent.
const withNumbers = (places) =>
  places.replace(/(^|.)⟨(\d+)⟩(?=(.?))/gu, (_, before, i, after) => {
    const text = write(data[i]);
    const isRaised = /[\^⁰¹²³⁴-⁹⁻]/u.test(after);
    const isFree = /^[(|]?$/.test(before) && !isRaised;
    const isApart = text.startsWith("−") ? !isFree : isRaised && text.includes("e");
    return before + (isApart ? `(${text})` : text);
  });

function create(tag, text = "", attributes = {}) {
  const made = document.createElement(tag);
  made.append(...splitText(text));
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}

// Text that may go on in a new line between the parts of a name, as in layers.0.bias or spot_price.
function splitText(text) {
  const [first, ...others] = text.split(/(?<=_)(?=[^_])|(?=\.[a-z])/);
  return [first, ...others.flatMap((part) => [document.createElement("wbr"), part])];
}

function createNumber(x) {
  return create("data", write(x), { value: String(x), title: String(x) });
}

// Cells are texts or elements. Where the table has no room for columns, a label stands before a cell.
function tableRow(cells, { tag = "td", labels = [] } = {}) {
  const row = document.createElement("tr");
  cells.forEach((cell, k) => {
    const made = create(tag, typeof cell === "string" ? cell : "");
    if (typeof cell !== "string") made.append(cell);
    if (tag === "th" && cell !== "") made.setAttribute("scope", "col");
    if (labels[k] && cell !== "") made.dataset.label = labels[k];
    row.append(made);
  });
  return row;
}

// Writes the cells of a row below each other in a table that is wider than its panel.
function fitTables() {
  for (const table of document.querySelectorAll("table")) {
    table.classList.remove("stacked");
    const room = table.previousElementSibling.clientWidth; // which is as wide as its panel
    table.classList.toggle("stacked", table.offsetWidth > room);
  }
}

function set(part, name, value) {
  if (part.getAttribute(name) !== String(value)) part.setAttribute(name, value);
}

function put(part, text) {
  if (part.textContent !== text) part.textContent = text;
}
