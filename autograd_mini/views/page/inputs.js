// The numbers of the leaves, to be changed by typing or with a slider.

const LARGEST = Number.MAX_VALUE;
const within = (x) => Math.min(Math.max(x, -LARGEST), LARGEST);

const inputs = leaves.map((i) => {
  const { name, role, isFixed, data: middle } = nodes[i];
  const reach = Math.max(1, 2 * Math.abs(middle));
  const [min, max] = Number.isFinite(middle) ? [within(middle - reach), within(middle + reach)] : [-1, 1];
  const any = { step: "any", autocomplete: "off" }; // else Firefox fills in what it was before
  const field = create("input", "", { ...any, type: "number", "aria-label": `${name}, number` });
  const slider = create("input", "", { ...any, type: "range", min, max, "aria-label": `${name}, slider` });
  const gradient = create("data");
  const row = tableRow([name, field, slider, gradient], { labels: ["", "", "", "gradient "] });
  row.className = role;
  field.disabled = slider.disabled = isFixed;
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

const list = (texts) => texts.join(", ").replace(/, (?=[^,]*$)/, " and ");

// Why some of them cannot be changed, in words.
function tellFixed() {
  const fixed = leaves.filter((i) => nodes[i].isFixed).map((i) => nodes[i].name);
  if (!fixed.length) return "";
  const functions = [...new Set(nodes.filter(({ recorded }) => recorded).map(({ op }) => op))];
  const are = functions.length === 1 ? "is a function" : "are functions";
  return `${list(fixed)} cannot be changed here: ${list(functions)} ${are} in Python, ` +
    "which a page cannot call.";
}

function markInvalid(field, isInvalid) {
  field.classList.toggle("invalid", isInvalid);
  set(field, "aria-invalid", isInvalid);
}

// Shows the numbers of the leaves, but not in the input that a number is being put into.
function showInputs(source) {
  for (const { i, field, slider } of inputs) {
    if (field !== source) {
      field.value = Number.isFinite(data[i]) ? data[i] : ""; // it takes no others
      field.title = field.value; // as there may be more digits than room
      markInvalid(field, false);
    }
    if (slider !== source && Number.isFinite(data[i])) slider.value = data[i];
  }
}

function change(makeChange, source = null) {
  makeChange();
  compute();
  beginDescent();
  showInputs(source);
  show();
}

function showLeaves() {
  for (const { i, gradient } of inputs) {
    put(gradient, write(gradients[i]));
    set(gradient, "value", gradients[i]);
    set(gradient, "title", gradients[i]);
  }
}

function reset() {
  change(() => leaves.forEach((i, k) => (data[i] = start[k])));
}
