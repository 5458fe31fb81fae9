// The page as a whole: what it shows at a step, and its controls.

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
  fitTables();
}

const CONTROLS = {
  first: () => goTo(0),
  back: () => goTo(step - 1),
  play,
  forward: () => goTo(step + 1),
  last: () => goTo(steps.length - 1),
  reset,
  restart: reset,
  descend: () => descend(1),
  "descend-more": () => descend(10),
  smaller: () => enlarge(1 / 1.25),
  larger: () => enlarge(1.25),
  whole: showWhole,
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

const roles = new Set(nodes.map(({ role }) => role));
for (const role of ["input", "parameter", "intermediate", "output"])
  document.querySelector(`.legend .${role}`).hidden = !roles.has(role);
element("descent").hidden = trained.length === 0;
const isFramed = window.parent !== window;
document.body.classList.toggle("framed", isFramed);
element("rate").value = GRAPH.lr;
put(element("fixed"), tellFixed());
element("fixed").hidden = tellFixed() === "";
sizeDrawing();
reset();
showPlaying();
new ResizeObserver(() => {
  sizeDrawing();
  showCurve();
  fitTables();
  tellHeight();
}).observe(document.body);

// A notebook shows the page in a frame, which asks how high it is.
function tellHeight() {
  if (isFramed) parent.postMessage(document.documentElement.getBoundingClientRect().height, "*");
}
if (isFramed) addEventListener("message", tellHeight);
