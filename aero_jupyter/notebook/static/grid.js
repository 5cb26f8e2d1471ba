/* The table of an AeroFrame. It draws `view` and sends the user's actions to the kernel; it decides nothing. */

const saveFile = (name, type, bytes) => {
  const link = make("a", { href: URL.createObjectURL(new Blob([bytes], { type })), download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
};

/* The signs that a colour repeats in a line of text. */
const TONES = { "✕": "bad", "▲": "warn", "●": "active" };

/* Mark words in a text, only at the beginning of its words if so wanted: nodes for `make`. */
const highlight = (text, words, isAtStart) => {
  const chars = [...text];
  const plain = chars.map((char) => char.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase().slice(0, 1) || " ").join("");
  const marked = chars.map(() => false);
  for (const word of words.filter(Boolean))
    for (let at = plain.indexOf(word); at >= 0; at = plain.indexOf(word, at + word.length))
      if (!isAtStart || !/[\p{L}\p{N}]/u.test(plain[at - 1] ?? "")) marked.fill(true, at, at + word.length);
  const parts = [];
  chars.forEach((char, at) => {
    if (at && marked[at] === marked[at - 1]) parts[parts.length - 1].textContent += char;
    else parts.push(make(marked[at] ? "mark" : "span", {}, char));
  });
  return marked.includes(true) ? parts : [text];
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
  holder.replaceChildren(...mark(`${text.slice(0, Math.ceil(kept / 2))}…${text.slice(-Math.floor(kept / 2))}`));
};

function render({ model, el }) {
  // JupyterLab would otherwise handle the keys as shortcuts of its cells.
  const root = make("div", { class: "aero-grid", "data-lm-suppress-shortcuts": "true" });
  const live = make("span", { class: "unseen", role: "status", "aria-live": "polite" });
  el.append(root);
  let focused = null; // the id of the focused row
  let rangeStart = null; // the id of the first row of a range selection
  let cellIndex = null; // the index of the cell that the arrow keys have reached
  let editedBox = null; // the name of the input that is being edited
  let isDrawing = false;
  const busy = busyIndicator(root);
  let widths = {}; // of the columns, as drawn, so that they stay while pages are turned
  let drawnWidth = 0;
  const resized = {}; // of the columns that the user has resized
  const wanted = {}; // whether a column is shown, where the user has chosen
  let shownDetail = null; // the row whose page was brought into view
  let openMenu = null; // the name of the open menu
  let filteredColumn = null; // the column that is chosen in the menu of filters
  let isOverRows = false; // whether the pointer is over the rows
  let held = null; // the ids of the rows that stay while the pointer is over them
  let drawn = { ids: [], turned: null };

  const sendAction = (what, more = {}) => model.send({ do: what, ...more });
  let awaitedTurn = null; // the turn count of the view when a page was requested
  /* Show the busy state at once, and not only when the kernel has received the action. */
  const requestPage = (what, more = {}) => {
    awaitedTurn = model.get("view").turned;
    busy(true);
    sendAction(what, more);
  };
  const announce = (text) => {
    live.textContent = text;
  };
  const copy = async (text, name) => {
    await copyText(text);
    const note = root.querySelector(".note");
    if (note) note.textContent = `Copied ${name}.`;
    announce(`Copied ${name}.`);
  };

  const ids = () => model.get("view").rows.map((row) => row.id);
  const select = (id, on, range) => {
    const all = ids();
    const [from, to] = [all.indexOf(range && rangeStart !== null ? rangeStart : id), all.indexOf(id)];
    const chosen = from < 0 ? [id] : all.slice(Math.min(from, to), Math.max(from, to) + 1);
    rangeStart = id;
    sendAction("select", { ids: chosen, on });
  };

  const handleKey = (event, row) => {
    const all = ids();
    const at = all.indexOf(row.id);
    const move = (to) => {
      if (to < 0 || to >= all.length) return;
      if (event.shiftKey) {
        if (rangeStart === null) rangeStart = row.id;
        const start = rangeStart;
        select(all[to], true, true);
        rangeStart = start;
      }
      focus(all[to]);
    };
    const moveAcross = (by) => {
      const last = row.cells.length - 1;
      const cells = root.querySelector("tbody tr[data-id]").children;
      let to = (cellIndex ?? (by > 0 ? -1 : last + 1)) + by;
      while (to >= 0 && to <= last && /** @type {HTMLElement} */ (cells[to + 1]).hidden) to += by;
      if (to < 0 || to > last) return;
      cellIndex = to;
      focused = row.id;
      markCell();
      announce(`${model.get("view").columns[cellIndex].name}: ${wholeOf(row, cellIndex)}`);
    };
    const copyCell = () => {
      const column = cellIndex === null ? null : model.get("view").columns[cellIndex].name;
      return column === null ? copy(row.id, "the id") : copy(wholeOf(row, cellIndex), column);
    };
    const actions = {
      ArrowRight: () => moveAcross(1),
      ArrowLeft: () => moveAcross(-1),
      ArrowDown: () => move(at + 1),
      ArrowUp: () => move(at - 1),
      Home: () => move(0),
      End: () => move(all.length - 1),
      PageDown: () => model.get("view").can.next && requestPage("next"),
      PageUp: () => model.get("view").can.previous && requestPage("previous"),
      Enter: () => open(row.id),
      Escape: () => sendAction("close"),
      " ": () => select(row.id, !row.selected, event.shiftKey),
      c: copyCell,
    };
    if (event.target !== event.currentTarget || event.ctrlKey || event.metaKey || event.altKey) return;
    if (!actions[event.key]) return;
    event.preventDefault();
    event.stopPropagation();
    actions[event.key]();
  };

  const open = (id) => {
    focused = id;
    shownDetail = null;
    sendAction("open", { id });
  };

  const focus = (id) => {
    focused = id;
    for (const row of root.querySelectorAll("tbody tr[data-id]")) {
      const here = row.dataset.id === id;
      row.tabIndex = here ? 0 : -1;
      if (here) row.focus();
    }
    markCell();
  };

  /* Mark the cell that the arrow keys have reached, in the focused row. */
  const markCell = () => {
    for (const cell of root.querySelectorAll("td.at")) cell.classList.remove("at");
    if (cellIndex === null) return;
    const row = [...root.querySelectorAll("tbody tr[data-id]")].find((line) => line.dataset.id === focused);
    row?.cells[cellIndex + 1]?.classList.add("at");
  };

  const selectPageBox = (view) => {
    const on = view.rows.filter((row) => row.selected).length;
    const box = make("input", {
      type: "checkbox",
      "aria-label": "select this page",
      title: "Select this page",
      "data-do": "select page",
      disabled: !view.rows.length,
      onclick: (event) => sendAction("select", { ids: ids(), on: event.target.checked }),
    });
    box.checked = on > 0 && on === view.rows.length;
    box.indeterminate = on > 0 && on < view.rows.length;
    return box;
  };

  const head = (view) =>
    make(
      "tr",
      {},
      make("th", { scope: "col" }, selectPageBox(view)),
      ...view.columns.map((column) =>
        make(
          "th",
          {
            scope: "col",
            class: column.side,
            "data-column": column.name,
            "aria-sort": { up: "ascending", down: "descending" }[column.sorted] ?? "none",
            style: widths[column.name] ? `min-width:${widths[column.name]}px` : null,
          },
          make(
            "div",
            { class: "resizable", style: resized[column.name] ? `width:${resized[column.name]}px` : null },
            make(
              "button",
              { class: "plain", onclick: () => requestPage("sort", { column: column.name }), title: `Sort by ${column.name}` },
              column.name + ({ up: " ▴", down: " ▾" }[column.sorted] ?? "")
            )
          )
        )
      )
    );

  const mark = (view) => (text) => highlight(text, view.words, view.filter === "search");

  const cell = (view, row, index) => {
    const { tone } = row.cells[index];
    const column = view.columns[index];
    const whole = wholeOf(row, index);
    const text = column.time && whole ? age(Date.parse(whole)) : row.cells[index].text;
    const shown = mark(view)(text);
    const inside =
      index === 0
        ? [make("button", { class: "plain", tabindex: -1, onclick: () => open(row.id) }, ...shown)]
        : column.code && text
          ? [make("button", { class: "plain code", tabindex: -1, onclick: () => copy(whole, column.name) }, ...shown)]
          : shown;
    const title = whole ? `${whole} (${column.code ? "click" : "double-click"} to copy)` : null;
    return make("td", { class: [column.side, tone].join(" ").trim() || null, title, "data-whole": whole }, ...inside);
  };

  const body = (view) =>
    view.rows.flatMap((row, at) => {
      const box = make("input", {
        type: "checkbox",
        tabindex: -1,
        "aria-label": `select ${row.cells[0].text}`,
        onclick: (event) => select(row.id, event.target.checked, event.shiftKey),
      });
      box.checked = row.selected;
      const here = focused === row.id || (at === 0 && !view.rows.some((other) => other.id === focused));
      const line = make(
        "tr",
        {
          class: [row.selected ? "on" : "", row.id === view.opened ? "open" : ""].join(" ").trim() || null,
          "data-id": row.id,
          tabindex: here ? 0 : -1,
          "aria-selected": String(row.selected),
          onkeydown: (event) => handleKey(event, row),
        },
        make("td", {}, box),
        ...row.cells.map((_, index) => cell(view, row, index))
      );
      line.addEventListener("click", (event) => {
        // A text selection is not a click.
        if (event.target.closest("button, input") || !getSelection().isCollapsed) return;
        if (event.target.closest("td") === line.cells[0]) select(row.id, !row.selected, event.shiftKey);
        else open(row.id);
      });
      line.addEventListener("dblclick", (event) => {
        const at = event.target.closest("td");
        if (at?.dataset.whole) copy(at.dataset.whole, "the cell");
      });
      if (row.id !== view.opened || !view.detail) return [line];
      return [line, make("tr", {}, make("td", { class: "page", colspan: row.cells.length + 1 }, detail(view)))];
    });

  /* An input that is sent when its user has finished, and not because a redraw replaced it; or soon after each change. */
  const box = (what, attributes, send, isSentWhileTyping = false) => {
    const input = make("input", { "data-do": what, ...attributes });
    let timer = null;
    const submit = () => {
      clearTimeout(timer);
      if (editedBox !== what || isDrawing) return;
      editedBox = null;
      send(input.value, false);
    };
    input.oninput = () => {
      editedBox = what;
      clearTimeout(timer);
      if (isSentWhileTyping) timer = setTimeout(() => input.isConnected && editedBox === what && send(input.value, true), 250);
    };
    input.onchange = submit;
    input.onblur = submit;
    input.onkeydown = (event) => {
      if (event.key === "Enter") submit();
    };
    return input;
  };

  const top = (view) => {
    const about = { type: "search", "aria-label": view.filter, placeholder: view.filter };
    const send = (text, typing) => requestPage("search", { text, typing });
    const search = box("search", about, send, true);
    search.value = view.search;
    return make(
      "div",
      { class: "bar" },
      make("strong", {}, view.heading),
      ...view.filters.map(({ column, value }) =>
        make(
          "button",
          { class: "chip", "aria-label": `remove the filter ${column} = ${value}`, onclick: () => requestPage("filter", { column }) },
          `${column} = ${value} ✕`
        )
      ),
      view.filterable.length ? menuButton("filter", "Filter") : null,
      make("span", { class: "push" }, search)
    );
  };

  const columnFilter = (view) => {
    const names = view.filterable.map((name) => make("option", { value: name }, name));
    const column = make("select", { "aria-label": "column to filter", onchange: () => (filteredColumn = column.value) }, ...names);
    column.value = filteredColumn ?? view.filterable[0];
    const apply = (value) => {
      openMenu = null;
      requestPage("filter", { column: column.value, value });
    };
    const value = make("input", { "aria-label": "text of the column", placeholder: "contains", "data-do": "filter value" });
    value.oninput = () => (editedBox = "filter value");
    value.onkeydown = (event) => {
      if (event.key === "Enter") apply(value.value);
    };
    return [column, value, make("button", { onclick: () => apply(value.value), "data-do": "filter" }, "Apply")];
  };

  /* A button that shows others in a line of their own, which a redraw leaves open. */
  const menuButton = (name, label) => {
    const toggle = () => {
      openMenu = openMenu === name ? null : name;
      draw();
    };
    return make("button", { "aria-expanded": String(openMenu === name), "data-do": `menu ${name}`, onclick: toggle }, `${label} ▾`);
  };
  const menuItems = (name, items) => {
    if (openMenu !== name) return null;
    const close = (event) => {
      if (event.type === "keydown" ? event.key !== "Escape" : !event.target.closest("button")) return;
      openMenu = null;
      draw();
    };
    return make("div", { class: "bar items", role: "group", "aria-label": name, onclick: close, onkeydown: close }, ...items());
  };

  const button = (text, what, enabled = true, more = {}, send = sendAction) =>
    make(
      "button",
      {
        disabled: !enabled,
        onclick: () => send(what, more),
        "data-do": what,
        "data-key": [what, ...Object.values(more)].join(" "),
      },
      text
    );

  const foot = (view) => {
    const size = make(
      "select",
      { "aria-label": "rows a page", onchange: (event) => requestPage("size", { size: Number(event.target.value) }) },
      ...view.sizes.map((n) => make("option", { value: n, selected: n === view.size }, `${n} a page`))
    );
    const where = { min: 1, max: view.pages, value: view.page, "aria-label": view.pages ? `page, of ${view.pages}` : "page" };
    const jump = box("page", { type: "number", ...where }, (page) => {
      if (Number.isInteger(Number(page))) requestPage("page", { page: Number(page) });
    });
    const has = { pages: view.pages !== 1, sizes: view.total === null || view.total > view.sizes[0] };
    const actions = view.actions ?? [];
    const action = (each) => {
      const key = [each.what, each.format].filter(Boolean);
      if (each.copy !== undefined) return make("button", { onclick: () => copy(each.copy, each.text.replace(/^Copy /, "the ")) }, each.text);
      const node = button(each.text, each.do, each.can ?? true, key.length ? { what: each.what, format: each.format } : {});
      if (each.danger) node.classList.add("danger");
      return node;
    };
    const bar = make(
      "div",
      { class: "bar foot" },
      has.pages ? button("Previous", "previous", view.can.previous, {}, requestPage) : null,
      make("span", { class: "about" }, view.about),
      has.pages ? button("Next", "next", view.can.next, {}, requestPage) : null,
      ...actions.filter((each) => !each.menu && each.can).map(action),
      view.selected ? menuButton("selected", `${view.selected} selected`) : null,
      menuButton("download", "Download"),
      menuButton("more", "More"),
      held || view.grown ? make("button", { class: "new", "data-do": "show new", onclick: showNew }, `${newRows()} new`) : null,
      make("span", { class: "note" }, view.note),
      make("span", { class: "push meta" }, view.asked)
    );
    return [
      bar,
      menuItems("selected", () => [
        ...view.chosen.map(action),
        view.selection_code ? make("span", { class: "meta" }, "In Python: ", make("code", {}, view.selection_code)) : null,
      ]),
      menuItems("download", () => view.downloads.map(action)),
      menuItems("more", () => [
        has.pages ? button("First", "first", view.can.first, {}, requestPage) : null,
        has.pages && view.can.last !== null ? button("Last", "last", view.can.last, {}, requestPage) : null,
        has.pages ? make("label", { class: "page" }, "page ", jump, view.pages ? ` of ${view.pages}` : null) : null,
        has.sizes ? size : null,
        make("button", { onclick: () => copy(view.code, "the code") }, "Copy as code"),
        button("Refresh", "refresh", true, {}, requestPage),
        ...actions.filter((each) => each.menu).map(action),
        make("span", { class: "columns", role: "group", "aria-label": "columns" }, ...columnChoices(view)),
      ]),
    ];
  };

  const newRows = () => {
    const view = model.get("view");
    return view.rows.filter((row) => held && !held.includes(row.id)).length || view.grown || "Rows";
  };
  const showNew = () => {
    const wasHeld = held;
    held = null;
    drawn.ids = [];
    if (wasHeld) draw();
    else requestPage("refresh");
  };

  /* Checkboxes for the columns; those that do not fit are not shown before they are chosen. */
  const columnChoices = (view) =>
    view.columns.slice(1).map((column) => {
      const check = make("input", {
        type: "checkbox",
        "data-column-choice": column.name,
        onchange: () => {
          wanted[column.name] = check.checked;
          draw();
        },
      });
      return make("label", {}, check, ` ${column.name}`);
    });

  /* Hide the last columns that were not chosen until the table fits, and shorten texts that are cut off. */
  const fit = (view, table, scroll) => {
    const show = (column, isShown) => {
      const index = view.columns.indexOf(column) + 1;
      for (const row of [...table.tHead.rows, ...table.tBodies[0].querySelectorAll("tr[data-id]")]) row.cells[index].hidden = !isShown;
      const check = root.querySelector(`[data-column-choice="${CSS.escape(column.name)}"]`);
      if (check) /** @type {HTMLInputElement} */ (check).checked = isShown;
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
    for (const [index, column] of view.columns.entries()) {
      const limit = resized[column.name];
      for (const row of table.tBodies[0].querySelectorAll("tr[data-id]")) {
        const cell = /** @type {HTMLTableRowElement} */ (row).cells[index + 1];
        if (limit) cell.style.maxWidth = `${limit + 24}px`;
        if (!cell.hidden) shorten(cell, mark(view));
      }
    }
  };

  const choices = (view) =>
    view.choices
      ? make(
          "div",
          { class: "bar" },
          ...view.choices.map((choice) => {
            const select = make(
              "select",
              {
                "aria-label": choice.label,
                "data-do": `choose ${choice.name}`,
                onchange: (event) => requestPage("choose", { name: choice.name, value: event.target.value }),
              },
              ...choice.options.map(([value, text]) => make("option", { value }, text))
            );
            select.value = choice.value;
            return make("label", {}, `${choice.label} `, select);
          })
        )
      : null;

  const confirm = (view) =>
    view.confirm
      ? make(
          "div",
          { class: "error", role: "alertdialog", "aria-label": view.confirm.text },
          make("div", {}, view.confirm.text),
          make("div", { class: "bar" }, button(view.confirm.words, view.confirm.do), button("Keep it", "keep"))
        )
      : null;

  const detail = (view) =>
      make(
          "section",
          { class: "detail", "aria-label": view.detail.heading },
          make("strong", {}, view.detail.heading),
          ...view.detail.lines.map((line) => make("div", { class: TONES[[...line].find((char) => TONES[char])] }, line)),
          view.detail.pre ? markedText(view.detail.pre, view.detail.marked) : null,
          make(
            "div",
            { class: "bar" },
            ...(view.detail.actions ?? []).map((action) => button(action.text, action.do, action.can, { id: action.id })),
            ...(view.detail.links ?? []).map((link) => button(link.text, "carry", true, { what: link.what })),
            view.detail.code
              ? make("button", { onclick: () => copy(view.detail.code, "the code") }, "Copy code that loads it")
              : null,
            button("Close", "close")
          )
        );

  const trouble = (view) =>
    view.error
      ? make(
          "div",
          { class: "error", role: "alert" },
          ...view.error.lines.map((line) => make("div", {}, line)),
          make("details", {}, make("summary", {}, "More"), make("pre", {}, view.error.story))
        )
      : null;

  /* Return the view; with the rows as they were drawn, and their new values, while the pointer is over them. */
  const steady = (view) => {
    const shown = view.rows.map((row) => row.id);
    const isSame = shown.join() === drawn.ids.join();
    if (view.turned !== drawn.turned || isSame) held = null;
    else if (!held && drawn.ids.length && isOverRows) held = drawn.ids;
    drawn.turned = view.turned;
    if (!held) {
      drawn.ids = shown;
      drawn.rows = view.rows;
      return view;
    }
    drawn.rows = held.map((id) => view.rows.find((row) => row.id === id) ?? drawn.rows.find((row) => row.id === id));
    return { ...view, rows: drawn.rows };
  };

  const draw = () => {
    const view = model.get("view").columns && steady(model.get("view"));
    if (!view) return;
    isDrawing = true;
    for (const each of root.querySelectorAll(".resizable[style]")) {
      const width = parseFloat(/** @type {HTMLElement} */ (each).style.width);
      const name = /** @type {HTMLElement} */ (each.closest("th")).dataset.column;
      if (width) resized[name] = width;
    }
    if (drawnWidth !== root.clientWidth) widths = {};
    drawnWidth = root.clientWidth;
    const active = /** @type {HTMLElement | null} */ (root.contains(document.activeElement) ? document.activeElement : null);
    const focusedRowId = /** @type {HTMLElement | null} */ (active?.closest("tbody tr"))?.dataset.id;
    const activeAction = active?.dataset?.do;
    const key = active?.dataset?.key;
    const selector = key ? `[data-key="${CSS.escape(key)}"]` : activeAction ? `[data-do="${activeAction}"]` : null;
    const keptInput = activeAction && activeAction === editedBox ? active : null;
    root.dataset.theme = view.theme;
    if (awaitedTurn !== view.turned) awaitedTurn = null;
    busy(view.busy || awaitedTurn !== null);
    const table = make(
      "table",
      { "aria-rowcount": view.total ?? -1 },
      make("caption", {}, `${view.heading}: ${view.about}, ${view.asked}`),
      make("thead", {}, head(view)),
      make("tbody", {}, ...body(view))
    );
    const empty = make(
      "div",
      { class: "empty" },
      view.empty,
      ...view.similar.map((name) => button(name, "search", true, { text: name }, requestPage))
    );
    const scroll = make("div", { class: "scroll" }, table, view.empty ? empty : null);
    scroll.style.minHeight = view.rows.length < view.size && view.pages !== 1 ? `${28 * (view.size + 1)}px` : "";
    const isOnPage = view.rows.some((row) => row.id === view.opened);
    const below = view.detail && !isOnPage ? detail(view) : null;
    const filter = view.filterable.length ? menuItems("filter", () => columnFilter(view)) : null;
    const parts = [top(view), filter, choices(view), trouble(view), confirm(view), scroll, below, ...foot(view), live];
    root.replaceChildren(...parts.filter(Boolean));
    fit(view, table, scroll);
    for (const cell of /** @type {NodeListOf<HTMLElement>} */ (table.tHead.querySelectorAll("th[data-column]:not([hidden])"))) {
      const name = cell.dataset.column;
      if (!resized[name]) widths[name] = Math.max(widths[name] ?? 0, Math.min(cell.offsetWidth, 320));
    }
    const detailKey = view.detail ? view.opened || view.detail.heading : null;
    if (detailKey && shownDetail !== detailKey) root.querySelector(".detail").scrollIntoView({ block: "nearest" });
    shownDetail = detailKey;
    if (focusedRowId) focus(view.rows.some((row) => row.id === focusedRowId) ? focusedRowId : view.rows[0]?.id);
    else if (keptInput) root.querySelector(selector).replaceWith(keptInput);
    else if (selector) /** @type {HTMLElement | null} */ (root.querySelector(`${selector}:not(:disabled)`))?.focus();
    keptInput?.focus();
    markCell();
    isDrawing = false;
    const announcements = [view.note, view.about].filter((text) => text && text !== live.dataset.about && text !== live.dataset.note);
    if (announcements.length) announce(announcements.join(". "));
    Object.assign(live.dataset, { about: view.about, note: view.note });
  };

  const file = (message, buffers) => {
    if (message.do === "file") saveFile(message.name, message.type, buffers[0]);
  };

  model.on("msg:custom", file);
  const redraw = redrawWhenIdle(root, draw);
  const leave = attachView(model, root, redraw);
  const resize = new ResizeObserver(() => drawnWidth !== root.clientWidth && redraw());
  resize.observe(root);
  const tick = setInterval(redraw, 30000);
  root.addEventListener("pointerover", (event) => (isOverRows = !!(/** @type {Element} */ (event.target).closest("tbody"))));
  root.addEventListener("pointerleave", () => (isOverRows = false));
  return () => {
    resize.disconnect();
    clearInterval(tick);
    model.off("msg:custom", file);
    busy(false);
    leave();
  };
}

export default { initialize, render };
