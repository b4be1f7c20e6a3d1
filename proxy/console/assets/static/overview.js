// The charts of the overview. Their numbers come from the server; once a minute anew.
"use strict";

(() => {
  const charts = document.getElementById("charts");
  if (!charts || typeof uPlot === "undefined") return;
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const boxes = [...charts.querySelectorAll("[data-chart]")];
  let drawn = [];
  let data;

  const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  // Times are those of the tables: UTC, of 24 hours.
  const utc = (t) => new Date(t * 1000).toISOString().replace("T", " ");
  const number = new Intl.NumberFormat("en");

  const draw = () => {
    for (const plot of drawn) plot.destroy();
    drawn = boxes.map((box) => {
      const inMillis = box.dataset.unit === "ms";
      const lines = data[box.dataset.chart];
      const show = (v) => (v == null ? "–" : inMillis ? number.format(Math.round(v * 10) / 10) + " ms" : number.format(v));
      const axis = { stroke: color("--muted"), grid: { stroke: color("--line"), width: 1 }, ticks: { stroke: color("--line"), width: 1 } };
      const series = lines.map((line, i) => ({
        label: line.label, stroke: color("--c" + (i + 1)), width: 2, fill: i === 0 && lines.length !== 2 ? color("--accent-soft") : undefined,
        points: { show: false }, value: (_, v) => show(v),
      }));
      const options = {
        width: Math.max(200, box.clientWidth), height: 190, series: [{ label: "UTC", value: (_, t) => (t == null ? "–" : utc(t).slice(0, 16)) }, ...series], tzDate: (t) => uPlot.tzDate(new Date(t * 1000), "Etc/UTC"),
        axes: [{ ...axis, values: (_, ticks, _axis, _space, step) => ticks.map((t) => (step >= 86400 ? utc(t).slice(5, 10) : utc(t).slice(11, 16))) }, { ...axis, size: 84, values: (_, ticks) => ticks.map((v) => (inMillis ? number.format(v) + " ms" : number.format(v))) }],
        scales: { y: { range: (_, min, max) => [0, max > 0 ? max * 1.1 : 1] } },
        cursor: { drag: { x: false, y: false } },
      };
      return new uPlot(options, [data.times, ...lines.map((l) => l.points.map((v) => (inMillis ? v * 1000 : v)))], box);
    });
  };

  const load = async () => {
    const response = await fetch(charts.dataset.series, { headers: { Accept: "application/json" } });
    if (!response.ok) return;
    data = await response.json();
    draw();
    charts.dataset.ready = "true";
  };

  const redraw = () => data && draw();
  dark.addEventListener("change", redraw);
  let resizing;
  window.addEventListener("resize", () => {
    clearTimeout(resizing);
    resizing = setTimeout(redraw, 150);
  });
  load();
  setInterval(load, 60000);
})();
