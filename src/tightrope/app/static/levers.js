// Levers: what is pulled, asked of the server at its own pace, and drawn as the answers come.
import { Refused, ask, save } from "./api.js";
import { make, show } from "./blocks.js";
import { offer } from "./jobs.js";

const $ = (id) => document.getElementById(id);
const PAUSE = 700; // milliseconds without a move before the slower parts are asked for
let all; // what can be pulled
let pull = { base: "", override: "", parameters: {}, put: {}, seen: {} };
let held = null;
let rows = new Map(); // parameter -> its row
let asking = false;
let again = false;
let later = null;
let rest = null; // what stops the slower parts
let link = "";
let heldLink = "";

const copied = (set) => JSON.parse(JSON.stringify(set));
const digits = (x) => String(Number(x.toPrecision(5)));
const MARKS = { assumed: "ass.", calibrated: "cal.", estimated: "est." };

// The value of a parameter before its own lever is moved.
function before(name) {
  const chosen = all.overrides.find((o) => o.name === pull.override);
  if (chosen && name in chosen.set) return chosen.set[name];
  return all.parameters.find((p) => p.name === name).values[pull.base];
}

export async function start(words) {
  all = await ask("/api/levers");
  offer(all.scenarios);
  pull.base = all.bases[0].name;
  for (const base of all.bases) $("base").append(make("option", { value: base.name }, base.words));
  $("override").append(make("option", { value: "" }, "none"));
  for (const one of all.overrides) $("override").append(make("option", { value: one.name }, one.name.replace(".", ": ")));
  if (!all.overrides.length) $("override").closest(".field").hidden = true;
  all.parameters.forEach(addParameter);
  all.states.forEach(addState);
  $("base").addEventListener("change", () => ((pull.base = $("base").value), moved()));
  $("override").addEventListener("change", () => ((pull.override = $("override").value), moved()));
  $("reset").addEventListener("click", () => ((pull = { ...pull, override: "", parameters: {}, put: {}, seen: {} }), moved()));
  $("hold").addEventListener("click", () => hold(copied(pull), link));
  $("drop").addEventListener("click", () => hold(null, ""));
  $("swap").addEventListener("click", swap);
  $("copy").addEventListener("click", copy);
  $("find").addEventListener("input", find);
  $("slice").addEventListener("change", () => slower({ only: "policy" }));
  $("spread").addEventListener("click", () => slower({ only: "spread" }));
  $("save-override").addEventListener("click", () => keep("override"));
  $("save-case").addEventListener("click", () => keep("case"));
  $("levers").addEventListener("submit", (event) => event.preventDefault());
  window.addEventListener("hashchange", () => fromAddress());
  if (!all.bases.some((b) => b.name === "fit")) $("spread").closest("section").hidden = true;
  find();
  if (words) await fromAddress(words);
  else moved({ address: false });
}

function addParameter(lever) {
  const id = "p-" + lever.name;
  const track = make("input", { type: "range", id, min: lever.low, max: lever.high, step: "any", "aria-describedby": id + "-about" });
  const exact = make("input", { type: "number", min: lever.least, max: lever.most, step: "any", "aria-label": lever.name + ", exact value", "aria-describedby": id + "-about" });
  const back = make("button", { type: "button", "aria-label": "Put " + lever.name + " back" }, "back");
  const mark = make("abbr", {});
  const row = make(
    "div",
    { class: "lever" },
    make("div", { class: "top" }, make("label", { for: id }, lever.name), mark, back),
    make("div", { class: "ends" }, track, exact),
    make("p", { id: id + "-about" }, lever.about),
  );
  const set = (value) => {
    if (!Number.isFinite(value)) return;
    pull.parameters[lever.name] = Math.min(Math.max(value, lever.least), lever.most);
    moved();
  };
  track.addEventListener("input", () => set(Number(track.value)));
  exact.addEventListener("change", () => (exact.value === "" ? undo() : set(Number(exact.value))));
  const undo = () => {
    delete pull.parameters[lever.name];
    moved();
  };
  back.addEventListener("click", () => {
    undo();
    track.focus();
  });
  rows.set(lever.name, { row, track, exact, mark, lever });
  $("parameters").append(row);
}

function addState(state) {
  const id = "s-" + state.name;
  const choice = make("select", { id });
  const row = make("div", { class: "state" }, make("label", { for: id }, state.label), choice);
  choice.addEventListener("change", () => {
    delete pull.put[state.name];
    delete pull.seen[state.name];
    const [kind, level] = choice.value.split("=");
    if (level) pull[kind][state.name] = level;
    moved();
  });
  $("states").append(row);
}

function fillStates() {
  for (const state of all.states) {
    const choice = $("s-" + state.name);
    const shares = state.shares[pull.base];
    const open = Object.entries(shares).filter(([, share]) => share > 0.001);
    const [top, most] = open.reduce((a, b) => (b[1] > a[1] ? b : a));
    const now = most > 0.995 ? top : `${top} (${(100 * most).toFixed(0)} %)`;
    const suppose = make("optgroup", { label: "suppose it stands at" });
    for (const level of state.levels) suppose.append(make("option", { value: "put=" + level }, level));
    const groups = [make("option", { value: "" }, `as it is: ${now}`), suppose];
    if (open.length > 1) {
      const seen = make("optgroup", { label: "it is seen at" });
      for (const [level, share] of open) {
        const words = `${level} (seen; has ${(100 * share).toFixed(share < 0.01 ? 1 : 0)} %)`;
        seen.append(make("option", { value: "seen=" + level }, words));
      }
      groups.push(seen);
    }
    choice.replaceChildren(...groups);
    choice.value = state.name in pull.put ? "put=" + pull.put[state.name] : state.name in pull.seen ? "seen=" + pull.seen[state.name] : "";
    choice.parentElement.classList.toggle("moved", choice.value !== "");
  }
}

// Write the state of the levers into the form.
function fill() {
  $("base").value = pull.base;
  $("override").value = pull.override;
  $("override-about").textContent = all.overrides.find((o) => o.name === pull.override)?.about ?? "";
  for (const [name, { row, track, exact, mark, lever }] of rows) {
    const own = name in pull.parameters;
    const value = own ? pull.parameters[name] : before(name);
    if (document.activeElement !== track || Number(track.value) !== value) track.value = value;
    track.setAttribute("aria-valuetext", digits(value));
    if (document.activeElement !== exact || !own) exact.value = digits(value);
    const kind = own ? "" : lever.marks[pull.base];
    mark.className = kind ? "mark " + kind : "";
    mark.textContent = kind ? MARKS[kind] : "";
    mark.title = kind;
    row.classList.toggle("moved", own);
  }
  fillStates();
}

function find() {
  const wanted = $("find").value.trim().toLowerCase();
  let count = 0;
  for (const [name, { row, lever }] of rows) {
    row.hidden = Boolean(wanted) && !(name + " " + lever.about).toLowerCase().includes(wanted);
    count += row.hidden ? 0 : 1;
  }
  $("found").textContent = `${count} of ${rows.size} free parameters; tracks span 90 % of the priors.`;
}

// Something was moved: the quick part is asked for at once, one request at a time, the latest state last.
async function moved({ address = true } = {}) {
  fill();
  rest?.abort();
  clearTimeout(later);
  $("results").setAttribute("aria-busy", "true");
  for (const name of ["spread", "claims", "policy"]) if ($("part-" + name).childElementCount) $("part-" + name).classList.add("stale");
  again = true;
  if (asking) return;
  asking = true;
  while (again) {
    again = false;
    await quick(address);
  }
  asking = false;
  later = setTimeout(() => slower(), PAUSE);
}

function body() {
  return { levers: pull, beside: held };
}

async function quick(address) {
  let found;
  try {
    found = await ask("/api/answer", body());
  } catch (error) {
    return refused(error);
  }
  link = found.link;
  if (address) writeAddress();
  certificate(found.certificate);
  const figures = found.blocks.filter((b) => b.kind === "figure");
  const tables = found.blocks.filter((b) => b.kind === "table");
  await show($("part-feared"), figures, found.why);
  await show($("part-questions"), tables, found.blocks.length && !tables.length ? "The case has no live questions." : "");
  clearTimeout(quick.saying);
  quick.saying = setTimeout(() => ($("summary").textContent = (figures[0]?.title ?? found.why) + " " + found.certificate.words), PAUSE);
}

function refused(error) {
  if (error.name === "AbortError") return;
  $("results").removeAttribute("aria-busy");
  const box = $("certificate");
  box.className = "certificate bad";
  box.replaceChildren(make("strong", {}, error instanceof Refused ? "Not computed." : "The server does not answer."), make("span", {}, error.message));
  for (const name of ["feared", "questions", "spread", "claims", "policy"]) $("part-" + name).replaceChildren();
}

function certificate(found, words = "") {
  const box = $("certificate");
  const power = (x) => (x === null ? "none" : Number(x).toExponential(1));
  box.className = "certificate " + (found.good ? "good" : "bad");
  box.replaceChildren(
    make("strong", {}, found.good ? "Certified" : "Not certified: nothing is drawn"),
    make("span", { id: "status" }, found.status),
    make("span", { id: "residual" }, `residual ${power(found.residual)}, asked below ${power(found.tolerance)}`),
    make("span", {}, `${found.iterations} steps (${found.method}), branch: ${found.branch}`),
    make("span", { id: "confirmed" }, words),
  );
}

// The parts that can wait: claims, policy, the principal branch, draws.
async function slower({ only = "" } = {}) {
  rest?.abort();
  const mine = (rest = new AbortController());
  const given = { signal: mine.signal };
  const asked = body();
  try {
    if (!only || only === "claims") {
      const found = await ask("/api/claims", asked, given);
      await show($("part-claims"), found.blocks, found.why);
    }
    if (!only || only === "policy") {
      const found = await ask("/api/policy", { ...asked, slice: $("slice").value }, given);
      const names = found.slices ?? [];
      if (names.length) $("slice").replaceChildren(...names.map((n) => make("option", { value: n, selected: n === found.slice }, n)));
      $("slice").parentElement.hidden = !names.length;
      await show($("part-policy"), found.blocks, found.why);
    }
    if (!only) {
      const found = await ask("/api/confirm", asked, given);
      certificate(found.certificate, found.words);
      if (found.moved) {
        await quick(true);
        certificate(found.certificate, found.words);
      }
    }
    if (only === "spread") {
      $("part-spread").classList.add("stale");
      $("spread").disabled = true;
      const found = await ask("/api/spread", asked, given);
      await show($("part-spread"), found.blocks, found.why);
    } else if (!only) {
      $("part-spread").replaceChildren();
      $("part-spread").classList.remove("stale");
      $("results").removeAttribute("aria-busy");
    }
  } catch (error) {
    refused(error);
  } finally {
    if (only === "spread") $("spread").disabled = false;
  }
}

function hold(set, words) {
  held = set;
  heldLink = words;
  $("held").hidden = !held;
  $("held-words").textContent = held ? "Compared with the held levers: " + described(held) + "." : "";
  moved();
}

function described(set) {
  const parts = [set.base === pull.base ? "" : "begun from the " + set.base, set.override && set.override.replace(".", ": ")];
  parts.push(...Object.entries(set.parameters).map(([n, v]) => `${n} ${digits(v)}`));
  parts.push(...Object.entries(set.put).map(([n, l]) => `${n} at ${l}`), ...Object.entries(set.seen).map(([n, l]) => `${n} seen at ${l}`));
  return parts.filter(Boolean).join(", ") || "nothing pulled";
}

function swap() {
  const [set, words] = [copied(pull), link];
  pull = copied(held);
  hold(set, words);
}

// The address says what is pulled and what is held, so that it can be kept and sent.
function writeAddress() {
  const words = new URLSearchParams(link);
  if (held) words.set("beside", heldLink);
  history.replaceState(null, "", "#" + words.toString());
}

async function fromAddress(given) {
  const words = new URLSearchParams(given ?? location.hash.slice(1));
  const other = words.get("beside");
  words.delete("beside");
  words.delete("token");
  try {
    pull = await ask("/api/link", { link: words.toString() });
    held = other === null ? null : await ask("/api/link", { link: other });
  } catch (error) {
    refused(error);
    $("certificate").append(make("span", {}, "The link is not used; nothing is pulled."));
    fill();
    return;
  }
  hold(held, other ?? "");
}

async function copy() {
  const said = $("copy");
  try {
    await navigator.clipboard.writeText(location.href);
    said.textContent = "Copied";
  } catch {
    said.textContent = "Copy it from the address bar";
  }
  setTimeout(() => (said.textContent = "Copy link"), 2000);
}

async function keep(kind) {
  const said = $("save-said");
  try {
    const found = await ask("/api/save", { levers: pull, name: $("save-name").value.trim(), about: $("save-about").value });
    if (kind === "case" && !found.case) {
      said.textContent = "The case file writes its hypotheses in a way that is not changed by machine; save the override and put it in by hand.";
      return;
    }
    save(kind === "case" ? "case.yaml" : found.file, kind === "case" ? found.case : found.override, "text/yaml");
    said.textContent = ["Saved.", ...found.notes].join(" ");
  } catch (error) {
    said.textContent = error.message;
  }
}
