"use strict";
// Charts come alive when they come near the screen; tables under charts can be saved as CSV.
(function () {
  const light = { ink: "#1f2733", muted: "#5b6573", grid: "#dde1e6" };
  const dark = { ink: "#e6e9ee", muted: "#a3adba", grid: "#3a424d" };
  const night = window.matchMedia("(prefers-color-scheme: dark)");

  // The drawing library and the charts lie packed in the page. The policy lets the library run because it
  // knows its hash.
  async function unpacked(id) {
    const packed = atob(document.getElementById(id).textContent);
    const bytes = Uint8Array.from(packed, (letter) => letter.charCodeAt(0));
    const text = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
    return new Response(text).text();
  }
  async function load() {
    const script = document.createElement("script");
    script.textContent = await unpacked("vega");
    document.head.append(script);
    return JSON.parse(await unpacked("charts"));
  }
  let charts = null;

  async function draw(figure) {
    try {
      charts ??= load();
      let text = JSON.stringify((await charts)[figure.id]);
      if (night.matches) {
        for (const name of Object.keys(light)) text = text.split(light[name]).join(dark[name]);
      }
      await embed(figure, JSON.parse(text));
      figure.classList.add("alive");
    } catch (error) {
      console.error(error); // the static drawing stays
    }
  }

  async function embed(figure, spec) {
    const live = figure.querySelector(".live");
    if (live.dataset.fluid) {
      const room = figure.clientWidth - Number(live.dataset.fluid) - 10;
      if (room > 160 && room < spec.width) spec.width = room;
    }
    await vegaEmbed(live, spec, {
      ast: true, // the policy of the page forbids code made from text
      renderer: "svg",
      mode: "vega-lite",
      actions: { export: true, source: false, compiled: false, editor: false },
    });
  }

  const figures = Array.from(document.querySelectorAll("figure.chart"));
  const drawn = new Set();
  const seen = new IntersectionObserver(
    (entries) => {
      for (const entry of entries) {
        if (!entry.isIntersecting) continue;
        seen.unobserve(entry.target);
        drawn.add(entry.target);
        draw(entry.target);
      }
    },
    { rootMargin: "600px" },
  );
  figures.forEach((figure) => seen.observe(figure));
  night.addEventListener("change", () => drawn.forEach(draw));

  function csv(table) {
    // A leading quote keeps a spreadsheet from running text that starts like a formula.
    const tame = (text) => (/^[=+@\-\t\r]/.test(text) ? "'" + text : text);
    const quote = (cell) => '"' + tame(cell.textContent.trim()).replace(/"/g, '""') + '"';
    const lines = Array.from(table.rows, (row) => Array.from(row.cells, quote).join(","));
    return lines.join("\r\n") + "\r\n";
  }

  for (const table of document.querySelectorAll("details table")) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = "Save as CSV";
    button.addEventListener("click", () => {
      const link = document.createElement("a");
      link.href = URL.createObjectURL(new Blob(["\ufeff" + csv(table)], { type: "text/csv" }));
      link.download = table.id + ".csv";
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 1000);
    });
    table.closest(".scroll").before(button);
  }
})();
