// Long work beside the page.
import { ask, save } from "./api.js";
import { make } from "./blocks.js";

const $ = (id) => document.getElementById(id);
const OVER = ["done", "failed", "cancelled"];
let timer = null;
const told = new Map();

export function start(hasReport) {
  for (const button of document.querySelectorAll("button[data-job]")) {
    button.addEventListener("click", () => begin({ kind: button.dataset.job, quick: button.dataset.quick === "yes" }));
  }
  $("served-report").hidden = !hasReport;
  $("served-report").addEventListener("click", async () => save("report.html", await ask("/api/report", undefined, { as: "text" }), "text/html"));
  look();
}

export function offer(scenarios) {
  if (!scenarios.length) return;
  const choice = $("scenario");
  choice.replaceChildren(...scenarios.map((s) => make("option", { value: s.name }, s.name.replaceAll("_", " "))));
  const tell = () => ($("scenario-about").textContent = scenarios.find((s) => s.name === choice.value).about);
  choice.addEventListener("change", tell);
  $("what-if").addEventListener("click", () => begin({ kind: "what-if", quick: true, scenario: choice.value }));
  $("scenarios").hidden = false;
  tell();
}

export async function begin(asked) {
  try {
    await ask("/api/jobs", asked);
  } catch (error) {
    $("job-said").textContent = error.message;
    $("jobs").prepend(make("p", { class: "notice" }, error.message));
    return;
  }
  look();
}

export async function look() {
  clearTimeout(timer);
  const { jobs } = await ask("/api/jobs");
  const focused = document.activeElement?.id;
  $("jobs").replaceChildren(...(jobs.length ? jobs.map(card) : [make("p", { class: "note" }, "No job was started yet.")]));
  if (focused) $(focused)?.focus();
  for (const job of jobs) {
    if (told.get(job.id) !== job.status) $("job-said").textContent = `Job ${job.id}, ${job.kind}: ${job.status}.`;
    told.set(job.id, job.status);
  }
  if (jobs.some((job) => !OVER.includes(job.status))) timer = setTimeout(look, 700);
}

function card(job) {
  const name = `${job.quick ? "Quick" : "Full"} ${job.kind}${job.scenario ? " " + job.scenario.replaceAll("_", " ") : ""}${job.edited ? " of an edited case" : ""}`;
  const time = job.seconds === null ? "" : `, ${job.seconds.toFixed(0)} s`;
  const parts = [make("h3", {}, `${job.id}. ${name}`), make("p", {}, make("span", { class: "strong" }, job.status), time)];
  if (job.status === "running") {
    const label = job.stage || "starting";
    const bar = make("progress", { "aria-label": label, max: job.total || 1, value: job.total ? job.done : null });
    parts.push(make("p", {}, label + (job.total ? `: ${job.done} of ${job.total}` : "")), bar);
  }
  if (!OVER.includes(job.status)) {
    parts.push(make("p", { class: "row" }, make("button", { type: "button", id: "cancel-" + job.id, onclick: () => cancel(job.id) }, "Cancel")));
  }
  if (job.has_report) {
    const fetched = async () => save("report.html", await ask(`/api/jobs/${job.id}/report`, undefined, { as: "text" }), "text/html");
    parts.push(make("p", { class: "row" }, make("button", { type: "button", id: "report-" + job.id, onclick: fetched }, "Save its report")));
  }
  if (job.text) parts.push(make("pre", { tabindex: "0", "aria-label": "What it printed" }, job.text));
  for (const notice of job.notices.slice(-3)) parts.push(make("p", { class: "note" }, notice));
  return make("article", { class: "job", "data-job": job.id, "data-status": job.status }, ...parts);
}

async function cancel(id) {
  await ask(`/api/jobs/${id}`, undefined, { method: "DELETE" });
  look();
}
