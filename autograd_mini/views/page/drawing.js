// The drawing: at each step, the numbers that are known, and marks on what the step is about.

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
