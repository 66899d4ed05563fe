// Figures and tables as the server describes them, built by text alone: no markup ever comes from data.
import { save } from "./api.js";

const light = { ink: "#1f2733", muted: "#5b6573", grid: "#dde1e6" };
const dark = { ink: "#e6e9ee", muted: "#a3adba", grid: "#3a424d" };
const night = window.matchMedia("(prefers-color-scheme: dark)");
const drawn = new Map(); // figure -> { spec, view }

export function make(tag, given = {}, ...inside) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(given)) {
    if (name === "class") element.className = value;
    else if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...inside);
  return element;
}

function line(one) {
  const names = [one.quiet && "quiet", one.strong && "strong"].filter(Boolean).join(" ");
  return make("span", names ? { class: names } : {}, one.text);
}

export function table(data) {
  const head = data.head.map((name, k) => {
    const last = data.rows.at(-1);
    return make("th", { scope: "col", class: last && last[k].numeric ? "number" : null }, name);
  });
  const rows = data.rows.map((row) =>
    make(
      "tr",
      data.stack ? { role: "row" } : {},
      ...row.map((cell, k) => {
        const names = [cell.numeric && "number", cell.state].filter(Boolean).join(" ");
        const given = { class: names || null };
        if (k === 0) given.scope = "row";
        if (data.stack) Object.assign(given, { role: k ? "cell" : "rowheader", "data-label": data.head[k] });
        const inside = cell.lines.flatMap((one, n) => (n ? [" ", line(one)] : [line(one)]));
        return make(k ? "td" : "th", given, ...inside);
      }),
    ),
  );
  const caption = make("caption", { id: data.id + "-caption" }, data.caption);
  const whole = make(
    "table",
    { id: data.id, class: data.stack ? "stack" : null, role: data.stack ? "table" : null },
    caption,
    make("thead", {}, make("tr", {}, ...head)),
    make("tbody", {}, ...rows),
  );
  return make(
    "div",
    { class: "scroll", tabindex: "0", role: "region", "aria-labelledby": caption.id },
    whole,
  );
}

function csv(whole) {
  // A leading quote keeps a spreadsheet from running text that starts like a formula.
  const tame = (text) => (/^[=+@\-\t\r]/.test(text) ? "'" + text : text);
  const quote = (cell) => '"' + tame(cell.textContent.trim()).replace(/"/g, '""') + '"';
  return "\ufeff" + Array.from(whole.rows, (r) => Array.from(r.cells, quote).join(",")).join("\r\n") + "\r\n";
}

async function draw(figure) {
  const known = drawn.get(figure);
  let text = JSON.stringify(known.data.spec);
  if (night.matches) {
    for (const name of Object.keys(light)) text = text.split(light[name]).join(dark[name]);
  }
  const spec = JSON.parse(text);
  const room = figure.clientWidth - known.data.fluid - 10;
  if (known.data.fluid && room > 160 && room < spec.width) spec.width = room;
  const made = await vegaEmbed(figure.querySelector(".live"), spec, {
    ast: true, // the policy of the page forbids code made from text
    renderer: "svg",
    mode: "vega-lite",
    actions: false,
    defaultStyle: false,
    tooltip: { disableDefaultStyle: true },
  });
  known.view?.finalize();
  known.view = made;
}

night.addEventListener("change", () => drawn.forEach((_, figure) => draw(figure)));

function figure(data) {
  const title = make("h3", { id: data.id + "-title" }, data.title);
  const live = make("div", { class: "live", role: "img", "aria-label": data.alt });
  const rows = table(data.data);
  const whole = make(
    "figure",
    { class: "chart alive", id: "figure-" + data.id, "aria-labelledby": title.id },
    make("figcaption", {}, title),
    make("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": "Chart" }, live),
    ...(data.note ? [make("p", { class: "note" }, data.note)] : []),
    make(
      "details",
      {},
      make("summary", {}, `Data of this chart as a table (${data.data.rows.length} rows)`),
      make("button", { type: "button", onclick: () => save(data.id + ".csv", csv(rows.querySelector("table")), "text/csv") }, "Save as CSV"),
      " ",
      make("button", { type: "button", onclick: async () => save(data.id + ".svg", await drawn.get(whole).view.view.toSVG(), "image/svg+xml") }, "Save as SVG"),
      rows,
    ),
  );
  drawn.set(whole, { data, view: null });
  return whole;
}

// Put blocks in a place; what stood there goes, and tables that were open stay open.
export async function show(place, blocks, why = "") {
  const open = new Set(Array.from(place.querySelectorAll("figure:has(details[open])"), (f) => f.id));
  for (const old of place.querySelectorAll("figure")) {
    drawn.get(old)?.view?.finalize();
    drawn.delete(old);
  }
  const made = blocks.map((block) => (block.kind === "table" ? table(block) : figure(block)));
  if (why) made.push(make("p", { class: "notice" }, why));
  // The height stays while charts are drawn, so that the page does not jump.
  place.style.minHeight = place.offsetHeight + "px";
  place.replaceChildren(...made);
  place.classList.remove("stale");
  for (const one of made) {
    if (open.has(one.id)) one.querySelector("details").open = true;
    if (drawn.has(one)) await draw(one).catch((error) => console.error(error));
  }
  place.style.minHeight = "";
}
