// The drawing: at each step, the numbers that are known, and marks on what the step is about.

const frame = element("graph");
const svg = frame.querySelector("svg");
const sheet = svg.viewBox.baseVal;
svg.removeAttribute("width");
svg.removeAttribute("height");
const fonts = [...svg.querySelectorAll("text")].map((text) => Number(text.getAttribute("font-size")));
const LEGIBLE = 12 / Math.min(...fonts); // in pixels for each unit of the drawing
const LARGEST_SCALE = 4 * LEGIBLE;
let chosenScale = null; // null as long as nobody has chosen a size

function wholeScale() {
  const highest = parseFloat(getComputedStyle(frame).maxHeight) - 20; // without the space around it
  return Math.min((frame.clientWidth - 2) / sheet.width, highest / sheet.height);
}

// Shows the whole drawing if its texts are legible then; else it is larger than its frame, and scrolls.
function sizeDrawing() {
  const scale = chosenScale ?? Math.min(Math.max(wholeScale(), LEGIBLE), LEGIBLE * 1.25);
  svg.style.width = `${scale * sheet.width}px`;
  svg.style.height = `${scale * sheet.height}px`;
  return scale;
}

function enlarge(times) {
  const smallest = Math.min(wholeScale(), LEGIBLE);
  chosenScale = Math.min(Math.max(sizeDrawing() * times, smallest), LARGEST_SCALE);
  sizeDrawing();
  bringIntoView();
}

function showWhole() {
  chosenScale = wholeScale();
  sizeDrawing();
}

// A drawing that is larger than its frame can be drawn along with the mouse.
let grip = null;
let wasMoved = false; // so that no node is chosen at the end
frame.addEventListener("pointerdown", ({ button, pointerType, clientX, clientY }) => {
  if (button === 0 && pointerType === "mouse") grip = [clientX + frame.scrollLeft, clientY + frame.scrollTop];
  wasMoved = false;
});
addEventListener("pointermove", ({ clientX, clientY }) => {
  if (grip === null) return;
  const [left, top] = [grip[0] - clientX, grip[1] - clientY];
  if (Math.abs(left - frame.scrollLeft) + Math.abs(top - frame.scrollTop) > 4) wasMoved = true;
  if (wasMoved) [frame.scrollLeft, frame.scrollTop] = [left, top];
});
addEventListener("pointerup", () => (grip = null));
frame.addEventListener("click", (event) => wasMoved && event.stopPropagation(), { capture: true });

const boxes = nodes.map((node, i) => {
  const box = element(node.box);
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
  return { box, circle, value: texts.at(-3), gradient: texts.at(-1), parts, labels };
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
  put(value, isKnown ? writeShort(data[i]) : "");
  put(below, gradient === undefined ? "" : writeShort(gradient));
  set(box, "data-value", isKnown ? data[i] : "");
  set(box, "data-gradient", gradient ?? "");
  const label = [nodes[i].name, nodes[i].role];
  if (isKnown) label.push(write(data[i]));
  if (gradient !== undefined) label.push(`gradient ${write(gradient)}`);
  set(box, "aria-label", label.join(", "));
  if (steps[step].node === i) set(box, "aria-current", "step");
  else box.removeAttribute("aria-current");
}

// The circle of the operation that made a node, and its arrows.
function showOperation(i, isKnown, time) {
  const { parts, labels } = boxes[i];
  for (const part of parts) mark(part, time);
  labels.forEach((label, place) => {
    if (label) put(label, isKnown ? writeShort(partials[i][place]) : "");
  });
}

// Scrolls the drawing so that the node of the step is seen; with its operation, and with its operands,
// if there is room.
function bringIntoView() {
  const center = selected ?? steps[step].node ?? leaves[0];
  const { box, circle } = boxes[center];
  const operands = isLeaf(center) ? [] : operandsOf(center).map((i) => boxes[i].box);
  const parts = [box, circle, ...operands].filter((part) => part);
  const rectangles = parts.map((part) => part.getBoundingClientRect());
  const room = frame.getBoundingClientRect();
  for (const [side, from, to] of [["scrollLeft", "left", "right"], ["scrollTop", "top", "bottom"]]) {
    const extent = (count) => {
      const some = rectangles.slice(0, count);
      return [Math.min(...some.map((one) => one[from])), Math.max(...some.map((one) => one[to]))];
    };
    const hasRoom = ([low, high]) => high - low <= room[to] - room[from];
    const [low, high] = [parts.length, 2].map(extent).find(hasRoom) ?? extent(1);
    if (low < room[from] || high > room[to]) frame[side] += (low + high - room[from] - room[to]) / 2;
  }
}
