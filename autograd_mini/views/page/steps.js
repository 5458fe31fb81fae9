// The steps through the graph, forward and backward, and playing them.

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
