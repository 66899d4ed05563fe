// The case editor: text here, checked by the server's case checker, errors at their lines.
import { ask, save } from "./api.js";
import { make } from "./blocks.js";
import { begin } from "./jobs.js";

const $ = (id) => document.getElementById(id);
const PAUSE = 800;
let served = "";
let files = {};
let bad = new Set();
let timer = null;
let latest = 0;

export async function start() {
  const found = await ask("/api/case");
  served = found.text;
  revert();
  if (found.problems.length) said({ sound: false, problems: found.problems, count: found.problems.length });
  const text = $("text");
  text.addEventListener("input", () => {
    number();
    clearTimeout(timer);
    timer = setTimeout(check, PAUSE);
  });
  text.addEventListener("scroll", () => ($("gutter").scrollTop = text.scrollTop));
  text.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) check();
  });
  $("check").addEventListener("click", check);
  $("revert").addEventListener("click", revert);
  $("download").addEventListener("click", () => save("case.yaml", $("text").value, "text/yaml"));
  $("run-edited").addEventListener("click", async () => {
    await begin({ kind: "run", quick: true, case: { text: $("text").value, files } });
    $("tab-jobs").click();
  });
  $("upload").addEventListener("change", () => read($("upload")));
  $("upload-folder").addEventListener("change", () => read($("upload-folder")));
}

function revert() {
  files = {};
  $("text").value = served;
  $("files").textContent = "Tables beside it: those of the served case.";
  bad = new Set();
  $("problems").replaceChildren();
  $("verdict").textContent = "";
  number();
}

async function read(input) {
  const taken = {};
  for (const file of input.files) {
    const path = (file.webkitRelativePath || file.name).split("/");
    const name = path.length > 1 ? path.slice(1).join("/") : path[0];
    if (/\.(yaml|csv|json|md)$/.test(name) && file.size < 4e6) taken[name] = await file.text();
  }
  const text = taken["case.yaml"];
  delete taken["case.yaml"];
  if (text !== undefined) $("text").value = text;
  files = taken;
  const names = Object.keys(files);
  $("files").textContent = names.length ? "Tables beside it: " + names.join(", ") + "." : "Tables beside it: those of the served case.";
  input.value = "";
  number();
  check();
}

function number() {
  const count = $("text").value.split("\n").length;
  const lines = [];
  for (let n = 1; n <= count; n++) lines.push(bad.has(n) ? make("b", {}, n + "\n") : n + "\n");
  $("gutter").replaceChildren(...lines);
  $("gutter").scrollTop = $("text").scrollTop;
}

export async function check() {
  clearTimeout(timer);
  const mine = ++latest;
  $("verdict").textContent = "Checking.";
  try {
    const found = await ask("/api/case/check", { text: $("text").value, files });
    if (mine === latest) said(found);
  } catch (error) {
    if (mine === latest) $("verdict").textContent = error.message;
  }
}

function said(found) {
  const own = found.problems.filter((p) => p.path.endsWith("case.yaml"));
  bad = new Set(own.map((p) => p.line));
  $("verdict").textContent = found.sound
    ? `The case ${found.case ?? ""} is sound.`
    : `${found.count} ${found.count === 1 ? "problem" : "problems"}${found.count > found.problems.length ? `, the first ${found.problems.length} shown` : ""}.`;
  $("problems").replaceChildren(...found.problems.map(item));
  number();
}

function item(problem) {
  const place = `${problem.path}:${problem.line}:${problem.column}`;
  const where = problem.where ? problem.where + ": " : "";
  const go = make("button", { type: "button", onclick: () => goTo(problem) }, place);
  return make("li", {}, go, where + problem.message, ...(problem.hint ? [make("span", { class: "quiet" }, problem.hint)] : []));
}

function goTo(problem) {
  if (!problem.path.endsWith("case.yaml") || !problem.line) return;
  const text = $("text");
  const lines = text.value.split("\n");
  const start = lines.slice(0, problem.line - 1).reduce((n, l) => n + l.length + 1, 0);
  const from = start + Math.max(0, problem.column - 1);
  text.focus();
  text.setSelectionRange(from, start + lines[problem.line - 1].length);
  const height = text.scrollHeight / lines.length;
  text.scrollTop = Math.max(0, (problem.line - 6) * height);
}
