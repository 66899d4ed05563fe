// The page: waits until the case is ready, then opens its three views.
import { ask, takeToken } from "./api.js";
import * as editor from "./editor.js";
import * as jobs from "./jobs.js";
import * as levers from "./levers.js";

const $ = (id) => document.getElementById(id);
const VIEWS = ["levers", "editor", "jobs"];

function open(name, { focus = false } = {}) {
  for (const view of VIEWS) {
    const chosen = view === name;
    const tab = $("tab-" + view);
    tab.setAttribute("aria-selected", chosen);
    tab.tabIndex = chosen ? 0 : -1;
    $("view-" + view).hidden = !chosen;
    if (chosen && focus) tab.focus();
  }
  if (name === "jobs") jobs.look();
}

function tabs() {
  for (const [k, view] of VIEWS.entries()) {
    const tab = $("tab-" + view);
    tab.addEventListener("click", () => open(view));
    tab.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (step) open(VIEWS[(k + step + VIEWS.length) % VIEWS.length], { focus: true });
    });
  }
}

const pause = (ms) => new Promise((done) => setTimeout(done, ms));

async function ready() {
  for (;;) {
    const state = await ask("/api/state");
    if (state.ready || state.failed) return state;
    $("notice").textContent = `Getting the case ready: ${state.stage}.`;
    await pause(400);
  }
}

async function main() {
  const token = takeToken();
  const words = location.hash.slice(1);
  tabs();
  if (!token) {
    $("notice").textContent = "Open the address that `tightrope serve` printed: it carries this start's token.";
    return;
  }
  let state;
  try {
    state = await ready();
  } catch (error) {
    $("notice").textContent = error.message;
    return;
  }
  if (state.title) $("title").textContent = state.title;
  if (state.case) $("case-name").textContent = " · case " + state.case;
  jobs.start(state.has_report);
  await editor.start();
  if (!state.ready) {
    $("notice").textContent = state.failed;
    $("tab-levers").hidden = true;
    open("editor");
    return;
  }
  $("notice").hidden = true;
  open("levers");
  await levers.start(words);
}

main();
