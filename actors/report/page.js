// Draws the charts of report.html when they come into view, names the times on axes that count bars, and sorts the trade table.
"use strict";

const figures = new Map();
for (const holder of document.querySelectorAll("script[data-figure]")) {
  figures.set(holder.dataset.figure, JSON.parse(holder.textContent));
}
const isTouch = matchMedia("(pointer: coarse)").matches;
const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

// The trace that carries one label for each of its points.
const timeline = (figure) => figure.data.find((trace) => trace.x.length === figure.labels.length).x;

function dayName(label, withYear) {
  const [year, month, day] = label.slice(0, 10).split("-").map(Number);
  return withYear ? `${months[month - 1]} ${year}` : `${day} ${months[month - 1]}`;
}

function thinned(list, most) {
  const step = Math.max(1, Math.ceil(list.length / most));
  return list.filter((_, place) => place % step === 0);
}

// Ticks at the first point of sessions; inside one or two sessions at times of day.
function ticks(figure, from, to, width) {
  const x = timeline(figure), labels = figure.labels, most = Math.max(3, Math.floor(width / 115));
  const visible = x.map((_, i) => i).filter((i) => x[i] >= from && x[i] <= to);
  const firsts = visible.filter((i) => i === 0 || labels[i].slice(0, 10) !== labels[i - 1].slice(0, 10));
  const byDay = firsts.length > 2;
  const chosen = thinned(byDay ? firsts : visible, most);
  const isLong = visible.length > 1 && Number(labels[visible.at(-1)].slice(0, 4)) - Number(labels[visible[0]].slice(0, 4)) > 1;
  const name = (i) => (byDay ? dayName(labels[i], isLong) : `${dayName(labels[i], false)} ${labels[i].slice(11)}`);
  return { tickvals: chosen.map((i) => x[i]), ticktext: chosen.map(name) };
}

function extremes(traces, from, to) {
  let low = Infinity, high = -Infinity;
  for (const trace of traces) {
    trace.x.forEach((x, i) => {
      const y = trace.y[i], end = trace.name === "Stop" ? trace.x[i + 1] ?? x : x; // a level holds until the next one
      if (x !== null && y !== null && end >= from && x <= to) { low = Math.min(low, y); high = Math.max(high, y); }
    });
  }
  return [low, high];
}

// What one vertical axis shows of the values in view, with some air; the path of the stop is among them.
function valueRange(figure, axis, from, to) {
  const [low, high] = extremes(figure.data.filter((one) => (one.yaxis || "y") === axis), from, to);
  const air = (high - low || Math.abs(high) || 1) * 0.07;
  return axis === "y2" ? [low - air, air / 4] : [low - air, high + air];
}

function show(box, figure, from, to) {
  const change = { "xaxis.range": [from, to], "yaxis.range": valueRange(figure, "y", from, to) };
  if (figure.layout.yaxis2) change["yaxis2.range"] = valueRange(figure, "y2", from, to);
  const marks = ticks(figure, from, to, box.clientWidth);
  change["xaxis.tickvals"] = marks.tickvals;
  change["xaxis.ticktext"] = marks.ticktext;
  box.dataset.quiet = "1"; // our own change comes back as an event
  return Plotly.relayout(box, change).then(() => { delete box.dataset.quiet; });
}

function showAll(box, figure) {
  const last = timeline(figure).at(-1), margin = Math.max(1, last * 0.01);
  return show(box, figure, -margin, last + margin);
}

function draw(box) {
  if (box.dataset.drawn) return Promise.resolve();
  box.dataset.drawn = "1";
  const figure = figures.get(box.id), narrow = box.clientWidth < 560;
  const grid = { gridcolor: "#eef2f7", zeroline: false, automargin: true, fixedrange: true };
  const layout = {
    ...figure.layout,
    height: narrow ? Math.round(figure.layout.height * 0.85) : figure.layout.height,
    margin: { l: narrow ? 56 : 80, r: 16, t: 12, b: 34 }, // wide enough for any label, so that charts stand in line
    font: { family: getComputedStyle(document.body).fontFamily, size: 12, color: "#475569" },
    paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
    dragmode: isTouch ? false : "zoom",
    legend: { orientation: "h", y: 1.02, yanchor: "bottom", x: 0, traceorder: "normal", itemsizing: "constant" },
    hoverlabel: { bgcolor: "#fff", bordercolor: "#cbd5e1", font: { color: "#0f172a" }, align: "left" },
    xaxis: { ...figure.layout.xaxis, ...grid, fixedrange: isTouch, showgrid: true, tickangle: 0, ticklabelstandoff: 6, unifiedhovertitle: { text: " " } },
    yaxis: { ...grid, ...figure.layout.yaxis },
    yaxis2: { ...grid, ...figure.layout.yaxis2 },
  };
  if (!figure.layout.yaxis2) delete layout.yaxis2;
  box.style.minHeight = "";
  const data = figure.data.map((trace) => (trace.x.length === figure.labels.length ? { ...trace, customdata: figure.labels } : trace));
  const config = { responsive: true, displaylogo: false, displayModeBar: false, doubleClick: "reset+autosize" };
  return Plotly.newPlot(box, data, layout, config).then(() => {
    box.on("plotly_relayout", (change) => {
      if (box.dataset.quiet) return;
      if ("xaxis.range[0]" in change) show(box, figure, change["xaxis.range[0]"], change["xaxis.range[1]"]);
      else if ("xaxis.autorange" in change || "xaxis.range" in change) showAll(box, figure);
    });
    box.on("plotly_doubleclick", () => { showAll(box, figure); return false; });
    return showAll(box, figure);
  });
}

const boxes = [...document.querySelectorAll(".chart")];
const watcher = new IntersectionObserver(
  (entries) => entries.filter((entry) => entry.isIntersecting).forEach((entry) => draw(entry.target)),
  { rootMargin: "600px" },
);
boxes.forEach((box) => watcher.observe(box));
addEventListener("beforeprint", () => boxes.forEach(draw));

// A click on a trade shows it in its chart, with as much room around it as it lasted.
function openTrade(row) {
  const box = document.getElementById(row.dataset.chart), figure = figures.get(box.id), x = timeline(figure);
  const [start, end] = row.dataset.span.split("|");
  const find = (label) => { const i = figure.labels.findIndex((one) => one >= label); return x[i < 0 ? x.length - 1 : i]; };
  const from = find(start), to = find(end), room = Math.max(30, to - from);
  draw(box).then(() => show(box, figure, from - room, to + room));
  box.closest("section").scrollIntoView({ behavior: "smooth" });
}

function sortBy(head) {
  const column = head.cellIndex, body = head.closest("table").tBodies[0];
  const order = head.dataset.order === "1" ? -1 : 1;
  for (const other of head.parentNode.cells) delete other.dataset.order;
  head.dataset.order = String(order);
  const value = (row) => row.cells[column].dataset.v ?? row.cells[column].textContent;
  const compare = (a, b) => (isNaN(a) || isNaN(b) ? a.localeCompare(b) : a - b);
  body.append(...[...body.rows].sort((a, b) => order * compare(value(a), value(b))));
}

document.addEventListener("click", (event) => {
  const head = event.target.closest(".sortable th"), row = event.target.closest("tr[data-chart]");
  if (head) sortBy(head);
  else if (row) openTrade(row);
});
