/** `table` and `data_table`: the second one can be sorted, filtered and paged by the reader. */

import { fill, h } from "./dom.js";
import { icon } from "./icons.js";
import { richText, richTextPlain } from "./richtext.js";

const cellNode = (cell) => (cell?.type === "rich_text" ? richText(cell) : h("span", {}, cell?.text ?? String(cell?.value ?? "")));
const cellText = (cell) => (cell?.type === "rich_text" ? richTextPlain(cell) : String(cell?.text ?? cell?.value ?? ""));

/** The plain table: the first row is its heading. */
export function table(block) {
  const rows = block.rows ?? [];
  const style = (at) => {
    const column = block.column_settings?.[at] ?? {};
    return { css: { "text-align": column.align ?? "left" }, class: column.is_wrapped ? "wrapped" : null };
  };
  const line = (row, tag) => h("tr", {}, (row ?? []).map((cell, at) => h(tag, style(at), cellNode(cell))));
  return h("div", { class: "table-scroll", tabIndex: 0, role: "region", "aria-label": "Table" },
    h("table", { class: "table" }, rows.length ? h("thead", {}, line(rows[0], "th")) : null, h("tbody", {}, rows.slice(1).map((row) => line(row, "td")))));
}

function compare(a, b) {
  if (a?.type === "raw_number" && b?.type === "raw_number") return a.value - b.value;
  return cellText(a).localeCompare(cellText(b), "en", { numeric: true });
}

/** The interactive table. What the reader did with it is kept in surface.open, apart from the DOM. */
export function dataTable(block, surface) {
  const key = `table:${block.block_id ?? block.caption}`;
  const view = surface.open.get(key) ?? { sort: null, down: false, page: 0, query: "" };
  surface.open.set(key, view);
  const [head = [], ...body] = block.rows ?? [];
  const size = Math.max(1, Math.min(block.page_size ?? 10, 100));
  const host = h("div", { class: "data-table" });

  function rowsNow() {
    const query = view.query.toLowerCase();
    const found = query ? body.filter((row) => row.some((cell) => cellText(cell).toLowerCase().includes(query))) : [...body];
    if (view.sort === null) return found;
    return found.sort((a, b) => compare(a[view.sort], b[view.sort]) * (view.down ? -1 : 1));
  }

  function heading(cell, at) {
    const sorted = view.sort === at;
    const sort = () => {
      if (sorted && view.down) (view.sort = null), (view.down = false);
      else (view.down = sorted), (view.sort = at);
      draw();
    };
    return h("th", { scope: "col", "aria-sort": sorted ? (view.down ? "descending" : "ascending") : "none" },
      h("button", { type: "button", class: "sort", data: { focus: `${key}/${at}` }, on: { click: sort } }, cellText(cell), h("span", { class: "sort-mark", "aria-hidden": "true" }, sorted ? (view.down ? "↓" : "↑") : "")));
  }

  function line(row) {
    return h("tr", {}, row.map((cell, at) => {
      const name = at === (block.row_header_column_index ?? 0);
      return h(name ? "th" : "td", { scope: name ? "row" : null, class: cell?.type === "raw_number" ? "number" : null }, cellNode(cell));
    }));
  }

  function draw() {
    const rows = rowsNow();
    const pages = Math.max(1, Math.ceil(rows.length / size));
    view.page = Math.min(view.page, pages - 1);
    const start = view.page * size;
    const turn = (step, name, label) => h("button", {
      type: "button", class: "icon-btn", "aria-label": label, disabled: step < 0 ? view.page === 0 : view.page >= pages - 1,
      data: { focus: `${key}/${name}` }, on: { click: () => ((view.page += step), draw()) },
    }, icon(step < 0 ? "back" : "right", 16));
    const search = h("input", {
      class: "input table-search", placeholder: "Filter", "aria-label": `Filter ${block.caption ?? "table"}`, value: view.query, data: { focus: `${key}/filter` },
      on: { input: () => ((view.query = search.value), (view.page = 0), draw()) },
    });
    fill(host,
      h("div", { class: "table-bar" }, h("span", { class: "table-caption" }, block.caption ?? ""), body.length > 5 && search),
      h("div", { class: "table-scroll" }, h("table", { class: "table", "aria-label": block.caption }, h("thead", {}, h("tr", {}, head.map(heading))), h("tbody", {}, rows.slice(start, start + size).map(line)))),
      h("div", { class: "table-foot" }, h("span", {}, rows.length ? `${start + 1}–${Math.min(start + size, rows.length)} of ${rows.length}` : "No rows"), pages > 1 && h("span", {}, turn(-1, "back", "Previous page"), turn(1, "next", "Next page"))));
  }

  draw();
  return host;
}
