/* The rows and the columns of a table. */

const MAX_COLUMN_WIDTH = 320;

/* Mark words in a text, only at the beginning of its words if so wanted. */
const highlight = (text, words, isAtStart) => {
  const chars = [...text];
  const plain = chars.map((char) => char.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase().slice(0, 1) || " ").join("");
  const marked = chars.map(() => false);
  for (const word of words.filter(Boolean))
    for (let at = plain.indexOf(word); at >= 0; at = plain.indexOf(word, at + word.length))
      if (!isAtStart || !/[\p{L}\p{N}]/u.test(plain[at - 1] ?? "")) marked.fill(true, at, at + word.length);
  if (!marked.includes(true)) return [text];
  const parts = /** @type {Drawn[]} */ ([]);
  chars.forEach((char, at) => {
    if (at && marked[at] === marked[at - 1]) parts[parts.length - 1].children[0] += char;
    else parts.push(make(marked[at] ? "mark" : "span", {}, char));
  });
  return parts;
};

const UNITS = /** @type {[string, number][]} */ ([["d", 86400], ["h", 3600], ["min", 60]]);
const age = (time) => {
  const seconds = (Date.now() - time) / 1000;
  if (seconds < -86400) return new Date(time).toISOString().slice(0, 10);
  const found = UNITS.find(([, size]) => seconds >= size);
  return found ? `${Math.floor(seconds / found[1])} ${found[0]} ago` : "just now";
};

/* The whole value of a cell, which is sent where its text is another one. */
const wholeOf = (row, index) => row.cells[index].whole ?? row.cells[index].text;

/* Shorten a text that its cell cuts off, in its middle. */
const shorten = (cell, mark) => {
  const text = cell.textContent;
  const kept = Math.floor((text.length * (cell.clientWidth - 16) * 0.95) / Math.max(1, cell.scrollWidth - 16)) - 2;
  if (cell.scrollWidth <= cell.clientWidth || kept < 4) return;
  const holder = cell.firstElementChild?.localName === "button" ? cell.firstElementChild : cell;
  redraw(holder, mark(`${text.slice(0, Math.ceil(kept / 2))}…${text.slice(-Math.floor(kept / 2))}`));
};

/* Widths of the columns: as drawn, so that they stay while pages are turned; as resized by the user; and what is shown. */
const createColumns = (root) => {
  let widths = {};
  let drawnWidth = 0;
  const resized = {};
  const wanted = {}; // whether a column is shown, where the user has chosen

  const readResized = () => {
    for (const each of root.querySelectorAll(".resizable[style]")) {
      const width = parseFloat(each.style.width);
      if (width) resized[each.closest("th").dataset.column] = width;
    }
    if (drawnWidth !== root.clientWidth) widths = {};
    drawnWidth = root.clientWidth;
  };
  const style = (name) => (widths[name] ? `min-width:${widths[name]}px` : null);
  const handleStyle = (name) => (resized[name] ? `width:${resized[name]}px` : null);
  /* Hide the last columns that were not chosen until the table fits, and shorten texts that are cut off. */
  const fit = (view, mark) => {
    const [table, scroll] = [root.querySelector("table"), root.querySelector(".scroll")];
    const rows = [...table.tBodies[0].querySelectorAll("tr[data-id]")];
    const show = (column, isShown) => {
      const index = view.columns.indexOf(column) + 1;
      for (const row of [table.tHead.rows[0], ...rows]) row.cells[index].hidden = !isShown;
      const check = root.querySelector(`[data-column-choice="${CSS.escape(column.name)}"]`);
      if (check) check.checked = isShown;
    };
    for (const column of view.columns) show(column, wanted[column.name] ?? true);
    const isTooWide = () => scroll.clientWidth && table.offsetWidth > scroll.clientWidth + 1;
    if (isTooWide()) {
      widths = {};
      for (const cell of table.tHead.rows[0].cells) cell.style.minWidth = "";
    }
    for (const column of view.columns.slice(1).reverse()) {
      if (!isTooWide()) break;
      if (wanted[column.name] === undefined) show(column, false);
    }
    for (const [index, { name }] of view.columns.entries()) {
      for (const row of rows) {
        const cell = row.cells[index + 1];
        if (resized[name]) cell.style.maxWidth = `${resized[name] + 24}px`;
        if (!cell.hidden) shorten(cell, mark);
      }
    }
    for (const cell of table.tHead.querySelectorAll("th[data-column]:not([hidden])")) {
      const name = cell.dataset.column;
      if (!resized[name]) widths[name] = Math.max(widths[name] ?? 0, Math.min(cell.offsetWidth, MAX_COLUMN_WIDTH));
    }
  };
  /* Checkboxes for the columns; those that do not fit are not shown before they are chosen. */
  const choices = (view, draw) =>
    view.columns.slice(1).map(({ name }) => {
      const onchange = (event) => {
        wanted[name] = event.currentTarget.checked;
        draw();
      };
      return make("label", {}, make("input", { type: "checkbox", "data-column-choice": name, onchange }), ` ${name}`);
    });
  return { readResized, style, handleStyle, fit, choices, hasChanged: () => drawnWidth !== root.clientWidth };
};

/* Return a function that returns the view with the rows to draw: the same ones, with their new values, while the pointer
   is over them. The others wait, and are counted. */
const createSteadyRows = () => {
  let held = null; // the ids of the rows that stay
  let drawn = { ids: [], rows: [], turned: null };
  const steady = (view, isOverRows) => {
    const ids = view.rows.map((row) => row.id);
    if (view.turned !== drawn.turned || ids.join() === drawn.ids.join()) held = null;
    else if (!held && drawn.ids.length && isOverRows) held = drawn.ids;
    const known = [...view.rows, ...drawn.rows];
    const rows = held ? held.map((id) => known.find((row) => row.id === id)) : view.rows;
    drawn = { ids: held ? drawn.ids : ids, rows, turned: view.turned };
    return { ...view, rows, waiting: (held && view.rows.filter((row) => !held.includes(row.id)).length) || view.grown || (held && "Rows") };
  };
  /* Show the rows that wait; return whether there were any. */
  const release = () => {
    const wasHeld = held !== null;
    held = null;
    drawn.ids = [];
    return wasHeld;
  };
  return { steady, release };
};
