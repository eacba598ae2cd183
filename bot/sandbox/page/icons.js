/** Line icons drawn for this page (20×20, stroke follows the text colour). */

import { svg } from "./dom.js";

const PATHS = {
  hash: "M7.5 3 6 17M14 3l-1.5 14M3.5 7.5h13.5M3 12.5h13.5",
  lock: "M5 9h10v8H5zM7 9V6.5a3 3 0 0 1 6 0V9",
  chat: "M3 4h14v10H9l-4 3v-3H3z",
  pulse: "M2 10h4l2-5 4 10 2-5h4",
  branch: "M6 6.5v7M6 6.5a2 2 0 1 0 0-4 2 2 0 0 0 0 4zM6 17.5a2 2 0 1 0 0-4 2 2 0 0 0 0 4zM14 8.5a2 2 0 1 0 0-4 2 2 0 0 0 0 4zM14 8.5c0 3-4 2.500-8 5",
  sliders: "M4 5h6M14 5h2M4 10h2M10 10h6M4 15h7M15 15h1M12 3v4M8 8v4M13 13v4",
  plus: "M10 4v12M4 10h12",
  bolt: "M11 2 4 11.500h5L8 18l8-9.500h-5.500z",
  smile: "M10 17.500a7.500 7.500 0 1 0 0-15 7.500 7.500 0 0 0 0 15zM7 12c1.500 2 4.500 2 6 0M7.500 7.500v.6M12.500 7.500v.6",
  thread: "M3 4h14v9H9l-4 3.500V13H3zM6.500 7.200h7M6.500 9.800h4.500",
  pin: "M12.500 2.500l5 5-3 .8-3.200 3.200-.5 3.500-5.800-5.800 3.500-.5 3.200-3.200zM7.800 12.200 3 17",
  more: "M10 4.500v.1M10 10v.1M10 15.500v.1",
  close: "M5 5l10 10M15 5 5 15",
  down: "M5 7.500l5 5 5-5",
  right: "M7.500 5l5 5-5 5",
  back: "M12.500 4l-6 6 6 6",
  send: "M3 3.500 17.500 10 3 16.500 5 10zM5 10h6",
  bold: "M6 4h5a3 3 0 0 1 0 6H6zM6 10h6a3 3 0 0 1 0 6H6z",
  italic: "M8.500 4h6M5.500 16h6M11.500 4l-3 12",
  strike: "M3.500 10h13M13.500 6.500C13 4.800 11.700 4 10 4 8 4 6.500 5 6.500 6.700M6.300 13.200C6.700 15 8.200 16 10 16c2.200 0 3.700-1 3.700-3",
  code: "M7 6 3 10l4 4M13 6l4 4-4 4",
  quote: "M4 4v12M8 6h8M8 10h8M8 14h5",
  list: "M7.500 5.500H17M7.500 10H17M7.500 14.500H17M3.500 5.500v.1M3.500 10v.1M3.500 14.500v.1",
  at: "M13 10a3 3 0 1 1-6 0 3 3 0 0 1 6 0zM13 7v4c0 3 4.500 2.500 4.500-1a7.500 7.500 0 1 0-3 6",
  search: "M9 15A6 6 0 1 0 9 3a6 6 0 0 0 0 12zM13.500 13.500 17.500 17.500",
  users: "M7.500 10a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM2 16.500c0-3 2.500-4.500 5.500-4.500s5.500 1.500 5.500 4.500M13 4.300a3 3 0 0 1 0 5.500M15 12.300c2 .6 3 2 3 4.200",
  bookmark: "M5.500 3h9v14L10 13.500 5.500 17z",
  eye: "M2 10s3-5.500 8-5.500 8 5.500 8 5.500-3 5.500-8 5.500S2 10 2 10zM10 12.500a2.500 2.500 0 1 0 0-5 2.500 2.500 0 0 0 0 5z",
  check: "M4 10.500 8 14.500 16 6",
  warning: "M10 3 18 17H2zM10 8v4M10 14.300v.2",
  info: "M10 17.500a7.500 7.500 0 1 0 0-15 7.500 7.500 0 0 0 0 15zM10 9v5M10 6.200v.2",
  calendar: "M3.500 5h13v12h-13zM3.500 8.500h13M7 3v3.500M13 3v3.500",
  clock: "M10 17.500a7.500 7.500 0 1 0 0-15 7.500 7.500 0 0 0 0 15zM10 5.500V10l3 2",
  apps: "M3.500 3.500h5v5h-5zM11.500 3.500h5v5h-5zM3.500 11.500h5v5h-5zM11.500 11.500h5v5h-5z",
  archive: "M3 4h14v3.500H3zM4 7.500h12V16H4zM8 10.500h4",
};

/** An icon by name; decorative, the control around it carries the label. */
export function icon(name, size = 18) {
  return svg(
    "svg",
    { class: `icon icon-${name}`, viewBox: "0 0 20 20", width: size, height: size, "aria-hidden": "true" },
    svg("path", { d: PATHS[name] ?? "", fill: "none", stroke: "currentColor", "stroke-width": name === "more" ? 2.4 : 1.5, "stroke-linecap": "round", "stroke-linejoin": "round" }),
  );
}
