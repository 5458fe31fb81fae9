// The panels below the drawing: the step, the chain rule of a node, and a warning.

const SAYINGS = {
  leaves: () => ["The leaves", "The numbers that the computation begins with."],
  forward: (i) => [
    `${nodes[i].name} = ${nodes[i].formula} = ${write(data[i])}`,
    `Forward: the operation ${nodes[i].op} gives ${nodes[i].name}, and its local derivatives.`,
  ],
  seed: (i) => [`${gradientName(i)} = 1`, "The backward pass begins at the result."],
  backward: (i) => [
    `Back through ${nodes[i].name} = ${nodes[i].formula}`,
    `${gradientName(i)} = ${write(gradients[i])} goes to each operand, times the local derivative.`,
  ],
};

function showStep() {
  const { kind, node } = steps[step];
  const [heading, saying] = SAYINGS[kind](node);
  put(element("heading"), heading);
  put(element("saying"), saying);
  const rows = [];
  if (kind === "leaves") {
    rows.push(tableRow(["leaf", "number"], { tag: "th" }));
    for (const i of leaves) rows.push(tableRow([nodes[i].name, createNumber(data[i])]));
  } else if (kind === "forward") {
    rows.push(tableRow(["operand", "number", "local derivative", ""], { tag: "th" }));
    nodes[node].operands.forEach((operand, place) => rows.push(forwardRow(node, operand, place)));
  } else if (kind === "backward") {
    const several = passed[node].some(({ operand }) => isUsedAgain(operand));
    rows.push(tableRow(["gradient", "upstream × local", "", "adds", several ? "sum so far" : ""], { tag: "th" }));
    for (const one of passed[node]) rows.push(backwardRow(node, one));
  }
  element("operands").replaceChildren(...rows);
}

const isUsedAgain = (i) => uses[i].length > 1 || uses[i][0].places.length > 1;

function forwardRow(node, operand, place) {
  if (!isValue(operand)) return tableRow(["a constant", createNumber(operand[0]), "", ""]);
  const symbols = inSymbols(partials[node][place], nodes[node].partials[place]);
  const number = createNumber(partials[node][place]);
  return tableRow([
    nodes[operand].name,
    createNumber(data[operand]),
    `${partial(node, operand)} = ${symbols}`,
    number.textContent === symbols ? "" : createAfter("= ", number),
  ]);
}

function backwardRow(node, { operand, place, amount, sum }) {
  const cells = [
    gradientName(operand),
    inPieces(join(" · ", [gradientName(node), inSymbols(partials[node][place], nodes[node].terms[place])])),
    inPieces(`= ${inParentheses(gradients[node])}${inParentheses(partials[node][place])}`),
    createAfter("= ", createNumber(amount)),
    isUsedAgain(operand) ? createNumber(sum) : "",
  ];
  return tableRow(cells, { labels: ["", "", "", "", "sum so far "] });
}

function createAfter(text, part) {
  const made = create("span", text, { class: "whole" });
  made.append(part);
  return made;
}

const MOST_PATHS = 6;
const LONGEST_PATH = 14;

// Returns the paths from the result to a node as lists of factors, or null if there are too many.
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
    for (const factor of factorsFrom(at)) unfinished.push([factor.of, [factor, ...path]]);
  }
  return found;
}

const LONGEST_LEFT = 16; // a longer left side has a line for itself

// A left side, and what it is equal to line by line, without repetitions.
function line(left, parts) {
  const block = create("p", "", { class: left.length > LONGEST_LEFT ? "derivation long" : "derivation" });
  const texts = parts.filter((part, k) => k === 0 || part !== parts[k - 1]);
  texts.forEach((text, k) => {
    const right = create("span", "= ");
    right.append(inPieces(text));
    block.append(create("span", k === 0 ? left : ""), right);
  });
  return block;
}

const LONGEST_PIECE = 30;

// A product in pieces: a factor stays in one line, unless it is long.
function inPieces(text) {
  const all = create("span");
  for (const piece of text.split(/( )(?=· |\+ |= )|(?<=\))(?=\()/)) {
    if (piece === undefined) all.append(document.createElement("wbr"));
    else if (piece === " ") all.append(piece);
    else all.append(create("span", piece, piece.length > LONGEST_PIECE ? {} : { class: "whole" }));
  }
  return all;
}

function showChain() {
  const i = selected ?? steps[step].node ?? parameters[0] ?? leaves[0];
  put(element("chain-heading"), `Chain rule: ${gradientName(i)} = ${write(gradients[i])}`);
  element("ways").replaceChildren(...chainBlocks(i));
}

function chainBlocks(i) {
  if (i === root) return [line(gradientName(i), ["1"])];
  const paths = pathsTo(i);
  if (paths === null) return [create("p", "Over what is computed from it:"), lineOverFactors(i)];
  if (paths.length === 1) return [lineOfPath(paths[0], gradientName(i))];
  return [
    ...paths.flatMap((path) => [
      create("p", [i, ...path.map(({ of }) => of).reverse()].map((k) => nodes[k].name).join(" → ")),
      // The derivative along a single arrow is only a part of that by the node.
      lineOfPath(path, path.length === 1 ? "directly" : chainOf(path)),
    ]),
    line(gradientName(i), [join(" + ", paths.map((path) => write(productOf(path)))), write(gradients[i])]),
  ];
}

const chainOf = (path) => path.map(({ of, by }) => partial(of, by)).join(" · ");
const productOf = (path) => path.reduce((product, { value }) => product * value, 1);

// One path: the partial derivatives (unless they are the left side), in symbols, in numbers, their product.
function lineOfPath(path, left) {
  if (path.length === 1) return line(left, [path[0].symbols, path[0].numbers, write(path[0].value)]);
  const chain = chainOf(path);
  return line(left, [
    ...(chain === left ? [] : [chain]),
    join(" · ", path.map(({ factor }) => factor)),
    path.map(({ value }) => inParentheses(value)).join(""),
    write(productOf(path)),
  ]);
}

const MOST_TERMS = 6;

function lineOverFactors(i) {
  const factors = factorsFrom(i);
  const sum = (term) => {
    const terms = factors.map(term);
    if (terms.length > MOST_TERMS) terms.splice(MOST_TERMS - 2, terms.length - MOST_TERMS + 1, "…");
    return terms.join(" + ");
  };
  const isLast = ({ of }) => of === root;
  return line(gradientName(i), [
    // The derivative by the result's own operand would say nothing.
    ...(factors.some(isLast) ? [] : [sum(({ of }) => `${gradientName(of)} · ${partial(of, i)}`)]),
    sum((one) => (isLast(one) ? one.symbols : join(" · ", [gradientName(one.of), one.factor]))),
    sum((one) => (isLast(one) ? write(one.value) : inParentheses(gradients[one.of]) + inParentheses(one.value))),
    write(gradients[i]),
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
    return `${nodes[leaf].name} is ${write(data[leaf])}: the computation needs finite numbers.`;
  const bad = computed.find(isBad); // the first, so its operands are finite
  if (bad !== undefined) {
    const row = ROWS[nodes[bad].op];
    const why = row.inside(...arrange(bad), data[bad]) ? "it overflows" : `outside the domain of ${row.domain}`;
    return `${nodes[bad].name} = ${nodes[bad].formula} is ${write(data[bad])}: ${why}.`;
  }
  const steep = leaves.find((i) => !Number.isFinite(gradients[i]));
  if (steep === undefined) return "";
  return `${gradientName(steep)} is ${write(gradients[steep])}: there is no finite slope here.`;
}
