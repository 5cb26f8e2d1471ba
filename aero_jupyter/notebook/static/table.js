/* A table with pages. It draws the view and sends the user's actions to the kernel; it decides nothing. */

const saveFile = (name, type, bytes) => {
  const link = create(make("a", { href: URL.createObjectURL(new Blob([bytes], { type })), download: name }));
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
};

/* The signs that a colour repeats in a line of text. */
const TONES = { "✕": "bad", "▲": "warn", "●": "active" };
const SORT_SIGNS = { up: " ▴", down: " ▾" };

function renderTable(context) {
  const { model } = context;
  const showCopied = (words) => {
    const note = base.root.querySelector(".note");
    if (note) note.textContent = words;
  };
  const base = createRoot(context, "aero-grid", showCopied);
  const { root, content, live, busy, sendAction, announce, copy, copyButton } = base;
  let focused = null; // the id of the row that Tab reaches
  let rangeStart = null; // the id of the first row of a range selection
  let cellIndex = null; // the index of the cell that the arrow keys have reached
  const columns = createColumns(root);
  const { steady, release } = createSteadyRows();
  let shownDetail = null; // the row whose page was brought into view
  let openMenu = null; // the name of the open menu
  let isOverRows = false; // whether the pointer is over the rows
  const edited = new Set(); // the names of the inputs whose text was not sent yet
  let typingTimer = null; // until the text of the search is sent

  let awaitedTurn = null; // the turn count of the view when a page was requested
  /* Show the busy state at once, and not only when the kernel has received the action. */
  const requestPage = (what, more = {}) => {
    awaitedTurn = model.get("view").turned;
    busy(true);
    sendAction(what, more);
  };

  const ids = () => model.get("view").rows.map((row) => row.id);
  const rowElement = (id) => root.querySelector(`tbody tr[data-id="${CSS.escape(id)}"]`);
  const select = (id, on, range) => {
    const all = ids();
    const [from, to] = [all.indexOf(range && rangeStart !== null ? rangeStart : id), all.indexOf(id)];
    const chosen = from < 0 ? [id] : all.slice(Math.min(from, to), Math.max(from, to) + 1);
    rangeStart = id;
    sendAction("select", { ids: chosen, on });
  };
  const open = (id) => {
    focused = id;
    shownDetail = null;
    sendAction("open", { id });
  };
  const focus = (id) => {
    focused = id;
    draw();
    rowElement(id)?.focus();
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
      const { cells } = rowElement(row.id);
      let to = (cellIndex ?? (by > 0 ? -1 : last + 1)) + by;
      while (to >= 0 && to <= last && cells[to + 1].hidden) to += by;
      if (to < 0 || to > last) return;
      cellIndex = to;
      focused = row.id;
      draw();
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

  const button = (text, what, enabled = true, more = {}, send = sendAction) => {
    const key = [what, ...Object.values(more)].join(" ");
    return make("button", { disabled: !enabled, onclick: () => send(what, more), "data-do": what, "data-key": key }, text);
  };
  const action = (each) => {
    if (each.copy !== undefined) return copyButton(each.text, each.copy, each.text.replace(/^Copy /, "the "));
    const drawn = button(each.text, each.do, each.can ?? true, each.what ? { what: each.what, format: each.format } : {});
    return each.danger ? { ...drawn, attributes: { ...drawn.attributes, class: "danger" } } : drawn;
  };

  const selectPageBox = (view) => {
    const on = view.rows.filter((row) => row.selected).length;
    return make("input", {
      type: "checkbox",
      "aria-label": "select this page",
      title: "Select this page",
      "data-do": "select page",
      disabled: !view.rows.length,
      checked: on > 0 && on === view.rows.length,
      indeterminate: on > 0 && on < view.rows.length,
      onclick: (event) => sendAction("select", { ids: ids(), on: event.currentTarget.checked }),
    });
  };
  const head = (view) => {
    const column = ({ name, side, sorted }) => {
      const order = { up: "ascending", down: "descending" }[sorted] ?? "none";
      const sort = { class: "plain", onclick: () => requestPage("sort", { column: name }), title: `Sort by ${name}` };
      return make(
        "th",
        { scope: "col", class: side, "data-column": name, "aria-sort": order, style: columns.style(name), "data-key": name },
        make(
          "div",
          { class: "resizable", style: columns.handleStyle(name) },
          make("button", sort, name + (SORT_SIGNS[sorted] ?? ""))
        )
      );
    };
    return make("tr", {}, make("th", { scope: "col" }, selectPageBox(view)), ...view.columns.map(column));
  };

  const mark = (view) => (text) => highlight(text, view.words, view.filter === "search");
  const cell = (view, row, index) => {
    const { tone, text } = row.cells[index];
    const column = view.columns[index];
    const whole = wholeOf(row, index);
    const shown = mark(view)(column.time && whole ? age(Date.parse(whole)) : text);
    const link = (kind, onclick) => [make("button", { class: kind, tabindex: -1, onclick }, ...shown)];
    const copyCell = () => copy(whole, column.name);
    const inside = index === 0 ? link("plain", () => open(row.id)) : column.code && text ? link("plain code", copyCell) : shown;
    const title = whole ? `${whole} (${column.code ? "click" : "double-click"} to copy)` : null;
    const at = row.id === focused && index === cellIndex ? "at" : null;
    return make("td", { class: [column.side, tone, at].filter(Boolean).join(" ") || null, title, "data-whole": whole }, ...inside);
  };
  const body = (view) =>
    view.rows.flatMap((row, at) => {
      const isReachable = focused === row.id || (at === 0 && !view.rows.some((other) => other.id === focused));
      const box = make("input", {
        type: "checkbox",
        tabindex: -1,
        "aria-label": `select ${row.cells[0].text}`,
        checked: row.selected,
        onclick: (event) => select(row.id, event.currentTarget.checked, event.shiftKey),
      });
      const line = make(
        "tr",
        {
          class: [row.selected ? "on" : "", row.id === view.opened ? "open" : ""].join(" ").trim() || null,
          "data-id": row.id,
          "data-key": row.id,
          tabindex: isReachable ? 0 : -1,
          "aria-selected": String(row.selected),
          onkeydown: (event) => handleKey(event, row),
          onclick: (event) => {
            // A text selection is not a click.
            if (event.target.closest("button, input") || !getSelection().isCollapsed) return;
            if (event.target.closest("td") === event.currentTarget.cells[0]) select(row.id, !row.selected, event.shiftKey);
            else open(row.id);
          },
          ondblclick: (event) => {
            const { whole } = event.target.closest("td").dataset;
            if (whole) copy(whole, "the cell");
          },
        },
        make("td", {}, box),
        ...row.cells.map((_, index) => cell(view, row, index))
      );
      if (row.id !== view.opened || !view.detail) return [line];
      const page = make("td", { class: "page", colspan: row.cells.length + 1 }, detail(view));
      return [line, make("tr", { "data-key": `page ${row.id}` }, page)];
    });

  /* A button that shows others in a line of their own. */
  const menuButton = (name, label) => {
    const toggle = () => {
      openMenu = openMenu === name ? null : name;
      draw();
    };
    const key = `menu ${name}`;
    return make("button", { "aria-expanded": String(openMenu === name), "data-do": key, "data-key": key, onclick: toggle }, `${label} ▾`);
  };
  const menuItems = (name, items) => {
    if (openMenu !== name) return null;
    const close = (event) => {
      if (event.type === "keydown" ? event.key !== "Escape" : !event.target.closest("button")) return;
      openMenu = null;
      draw();
    };
    const about = { class: "bar items", role: "group", "aria-label": name, "data-key": name };
    return make("div", { ...about, onclick: close, onkeydown: close }, ...items());
  };

  /* Handlers of an input whose text is sent once its user presses Enter or leaves it. */
  const whenEntered = (name, send) => {
    const submit = ({ currentTarget: { value } }) => edited.delete(name) && send(value);
    const oninput = () => edited.add(name);
    return { oninput, onchange: submit, onkeydown: (event) => event.key === "Enter" && submit(event) };
  };
  const searchBox = (view) => {
    const send = (text, typing) => {
      clearTimeout(typingTimer);
      requestPage("search", { text, typing });
    };
    const handlers = whenEntered("search", (text) => send(text, false));
    const oninput = ({ currentTarget: box }) => {
      handlers.oninput();
      clearTimeout(typingTimer);
      typingTimer = setTimeout(() => box.isConnected && send(box.value, true), TYPING_MILLISECONDS);
    };
    const about = { type: "search", "aria-label": view.filter, placeholder: view.filter };
    return make("input", { ...about, value: view.search, ...handlers, oninput });
  };
  const top = (view) => {
    const chip = ({ column, value }) => {
      const remove = () => requestPage("filter", { column });
      const about = { class: "chip", "aria-label": `remove the filter ${column} = ${value}`, "data-key": column };
      return make("button", { ...about, onclick: remove }, `${column} = ${value} ✕`);
    };
    return make(
      "div",
      { class: "bar", "data-key": "top" },
      make("strong", {}, view.heading),
      ...view.filters.map(chip),
      view.filterable.length ? menuButton("filter", "Filter") : null,
      make("span", { class: "push" }, searchBox(view))
    );
  };
  const columnFilter = (view) => {
    const apply = () => {
      const [column, value] = ["select", "input"].map((name) => root.querySelector(`.items[aria-label=filter] ${name}`).value);
      openMenu = null;
      draw();
      requestPage("filter", { column, value });
    };
    const applyOnEnter = (event) => event.key === "Enter" && apply();
    return [
      choiceOf({ "aria-label": "column to filter" }, view.filterable.map((name) => [name, name])),
      make("input", { "aria-label": "text of the column", placeholder: "contains", onkeydown: applyOnEnter }),
      make("button", { onclick: apply, "data-do": "filter" }, "Apply"),
    ];
  };

  const pageBox = (view) =>
    make("input", {
      type: "number",
      min: 1,
      max: view.pages,
      value: view.page,
      "aria-label": view.pages ? `page, of ${view.pages}` : "page",
      ...whenEntered("page", (page) => Number.isInteger(Number(page)) && requestPage("page", { page: Number(page) })),
    });
  const sizeChoice = (view) => {
    const onchange = (event) => requestPage("size", { size: Number(event.currentTarget.value) });
    return choiceOf({ "aria-label": "rows a page", value: view.size, onchange }, view.sizes.map((size) => [size, `${size} a page`]));
  };
  const showNew = () => {
    if (release()) draw();
    else requestPage("refresh");
  };
  const foot = (view) => {
    const has = { pages: view.pages !== 1, sizes: view.total === null || view.total > view.sizes[0] };
    const turn = (text, what) => button(text, what, view.can[what], {}, requestPage);
    const isNew = { class: "new", "data-do": "show new", "data-key": "show new", onclick: showNew };
    const bar = make(
      "div",
      { class: "bar foot", "data-key": "foot" },
      has.pages ? turn("Previous", "previous") : null,
      make("span", { class: "about", "data-key": "about" }, view.about),
      has.pages ? turn("Next", "next") : null,
      ...view.actions.filter((each) => !each.menu && each.can).map(action),
      view.selected ? menuButton("selected", `${view.selected} selected`) : null,
      menuButton("download", "Download"),
      menuButton("more", "More"),
      view.waiting ? make("button", isNew, `${view.waiting} new`) : null,
      make("span", { class: "note", "data-key": "note" }, view.note),
      make("span", { class: "push meta", "data-key": "meta" }, view.asked)
    );
    return [
      bar,
      menuItems("selected", () => [
        ...view.chosen.map(action),
        view.selection_code ? make("span", { class: "meta" }, "In Python: ", make("code", {}, view.selection_code)) : null,
      ]),
      menuItems("download", () => view.downloads.map(action)),
      menuItems("more", () => [
        has.pages ? turn("First", "first") : null,
        has.pages && view.can.last !== null ? turn("Last", "last") : null,
        has.pages ? make("label", { class: "page" }, "page ", pageBox(view), view.pages ? ` of ${view.pages}` : null) : null,
        has.sizes ? sizeChoice(view) : null,
        copyButton("Copy as code", view.code, "the code"),
        button("Refresh", "refresh", true, {}, requestPage),
        ...view.actions.filter((each) => each.menu).map(action),
        make("span", { class: "columns", role: "group", "aria-label": "columns" }, ...columns.choices(view, draw)),
      ]),
    ];
  };

  const choices = (view) => {
    const choice = ({ name, label, value, options }) => {
      const onchange = (event) => requestPage("choose", { name, value: event.currentTarget.value });
      const select = { "aria-label": label, "data-do": `choose ${name}`, value, onchange };
      return make("label", {}, `${label} `, choiceOf(select, options));
    };
    return view.choices.length ? make("div", { class: "bar", "data-key": "choices" }, ...view.choices.map(choice)) : null;
  };
  const confirm = (view) =>
    view.confirm
      ? make(
          "div",
          { class: "error", role: "alertdialog", "aria-label": view.confirm.text, "data-key": "confirm" },
          make("div", {}, view.confirm.text),
          make("div", { class: "bar" }, button(view.confirm.words, view.confirm.do), button("Keep it", "keep"))
        )
      : null;
  const detail = ({ detail: { heading, lines, pre, marked, actions, links, code } }) =>
    make(
      "section",
      { class: "detail", "aria-label": heading, "data-key": "detail" },
      make("strong", {}, heading),
      ...lines.map((line) => make("div", { class: TONES[[...line].find((char) => TONES[char])] }, line)),
      pre ? markedText(pre, marked) : null,
      make(
        "div",
        { class: "bar", "data-key": "actions" },
        ...actions.map((each) => button(each.text, each.do, each.can, { id: each.id })),
        ...links.map((link) => button(link.text, "carry", true, { what: link.what })),
        code ? copyButton("Copy code that loads it", code, "the code") : null,
        button("Close", "close")
      )
    );
  const rows = (view) => {
    const search = (name) => button(name, "search", true, { text: name }, requestPage);
    const table = make(
      "table",
      { "aria-rowcount": view.total ?? -1 },
      make("caption", {}, `${view.heading}: ${view.about}, ${view.asked}`),
      make("thead", {}, head(view)),
      make("tbody", {}, ...body(view))
    );
    const isShort = view.rows.length < view.size && view.pages !== 1;
    const style = isShort ? `min-height: ${28 * (view.size + 1)}px` : null;
    const empty = view.empty ? make("div", { class: "empty" }, view.empty, ...view.similar.map(search)) : null;
    return make("div", { class: "scroll", style, "data-key": "rows" }, table, empty);
  };

  const draw = () => {
    if (!model.get("view").columns) return;
    const view = steady(model.get("view"), isOverRows);
    const wasInRow = document.activeElement?.closest("tbody tr[data-id]") && root.contains(document.activeElement);
    columns.readResized();
    root.dataset.theme = view.theme;
    if (awaitedTurn !== view.turned) awaitedTurn = null;
    busy(view.busy || awaitedTurn !== null);
    const isOnPage = view.rows.some((row) => row.id === view.opened);
    redraw(content, [
      top(view),
      view.filterable.length ? menuItems("filter", () => columnFilter(view)) : null,
      choices(view),
      view.error ? trouble("error", view.error.lines, view.error.story) : null,
      confirm(view),
      rows(view),
      view.detail && !isOnPage ? detail(view) : null,
      ...foot(view),
    ]);
    columns.fit(view, mark(view));
    const detailKey = view.detail ? view.opened || view.detail.heading : null;
    if (detailKey && shownDetail !== detailKey) root.querySelector(".detail").scrollIntoView({ block: "nearest" });
    shownDetail = detailKey;
    // The row that had the focus is on another page.
    if (wasInRow && !root.contains(document.activeElement) && view.rows.length) focus(view.rows[0].id);
    const news = [view.note, view.about].filter((text) => text && text !== live.dataset.about && text !== live.dataset.note);
    if (news.length) announce(news.join(". "));
    Object.assign(live.dataset, { about: view.about, note: view.note });
  };

  const file = (message, buffers) => {
    if (message.do === "file") saveFile(message.name, message.type, buffers[0]);
  };
  model.on("msg:custom", file);
  const { draw: drawWhenIdle, leave } = attachView(model, base, draw, () => columns.hasChanged() && drawWhenIdle());
  const tick = setInterval(drawWhenIdle, 30000);
  root.onpointerover = (event) => {
    isOverRows = !!event.target.closest("tbody");
  };
  root.onpointerleave = () => {
    isOverRows = false;
  };
  return () => {
    clearInterval(tick);
    model.off("msg:custom", file);
    leave();
  };
}
