/* The table of an AeroFrame. It shows what `view` says and tells the kernel what was done; it decides nothing. */

const save = (name, type, bytes) => {
  const link = make("a", { href: URL.createObjectURL(new Blob([bytes], { type })), download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
};

function render({ model, el }) {
  // The keys are the table's: without this JupyterLab takes them for its cells.
  const root = make("div", { class: "aero-grid", "data-lm-suppress-shortcuts": "true" });
  const live = make("span", { class: "unseen", role: "status", "aria-live": "polite" });
  el.append(root);
  let focused = null; // the id of the row that has the focus
  let anchor = null; // where a range of selected rows begins
  let marked = null; // the number of the cell that the arrow keys stand on
  let typed = null; // the box that is being typed into
  let drawing = false;
  const busy = busyness(root);
  const widths = {};

  const tell = (what, more = {}) => model.send({ do: what, ...more });
  let awaited = null; // how often the table had turned when somebody turned it
  /* The page that is shown is about to go: say so at once, and not only when the kernel has heard of it. */
  const turn = (what, more = {}) => {
    awaited = model.get("view").turned;
    busy(true);
    tell(what, more);
  };
  const said = (text) => {
    live.textContent = text;
  };
  const copy = async (text, name) => {
    await copyText(text);
    const note = root.querySelector(".note");
    if (note) note.textContent = `Copied ${name}.`;
    said(`Copied ${name}.`);
  };

  const ids = () => model.get("view").rows.map((row) => row.id);
  const select = (id, on, range) => {
    const all = ids();
    const [from, to] = [all.indexOf(range && anchor !== null ? anchor : id), all.indexOf(id)];
    const chosen = from < 0 ? [id] : all.slice(Math.min(from, to), Math.max(from, to) + 1);
    anchor = id;
    tell("select", { ids: chosen, on });
  };

  const keys = (event, row) => {
    const all = ids();
    const at = all.indexOf(row.id);
    const move = (to) => {
      if (to < 0 || to >= all.length) return;
      if (event.shiftKey) {
        if (anchor === null) anchor = row.id;
        const start = anchor;
        select(all[to], true, true);
        anchor = start;
      }
      focus(all[to]);
    };
    const across = (by) => {
      const last = row.cells.length - 1;
      marked = Math.min(Math.max((marked ?? (by > 0 ? -1 : last + 1)) + by, 0), last);
      focused = row.id;
      mark();
      said(`${model.get("view").columns[marked].name}: ${row.cells[marked].whole}`);
    };
    const copyHere = () => {
      const column = marked === null ? null : model.get("view").columns[marked].name;
      return column === null ? copy(row.id, "the id") : copy(row.cells[marked].whole, column);
    };
    const actions = {
      ArrowRight: () => across(1),
      ArrowLeft: () => across(-1),
      ArrowDown: () => move(at + 1),
      ArrowUp: () => move(at - 1),
      Home: () => move(0),
      End: () => move(all.length - 1),
      PageDown: () => model.get("view").can.next && turn("next"),
      PageUp: () => model.get("view").can.previous && turn("previous"),
      Enter: () => tell("open", { id: row.id }),
      " ": () => select(row.id, !row.selected, event.shiftKey),
      c: copyHere,
    };
    if (event.target !== event.currentTarget || event.ctrlKey || event.metaKey || event.altKey) return;
    if (!actions[event.key]) return;
    event.preventDefault();
    event.stopPropagation();
    actions[event.key]();
  };

  const focus = (id) => {
    focused = id;
    for (const row of root.querySelectorAll("tbody tr")) {
      const here = row.dataset.id === id;
      row.tabIndex = here ? 0 : -1;
      if (here) row.focus();
    }
    mark();
  };

  /* The cell that the arrow keys stand on, in the row that has the focus. */
  const mark = () => {
    for (const cell of root.querySelectorAll("td.at")) cell.classList.remove("at");
    if (marked === null) return;
    const row = [...root.querySelectorAll("tbody tr")].find((line) => line.dataset.id === focused);
    row?.cells[marked + 1]?.classList.add("at");
  };

  const everyRow = (view) => {
    const on = view.rows.filter((row) => row.selected).length;
    const box = make("input", {
      type: "checkbox",
      "aria-label": "select this page",
      title: "Select this page",
      "data-do": "select page",
      disabled: !view.rows.length,
      onclick: (event) => tell("select", { ids: ids(), on: event.target.checked }),
    });
    box.checked = on > 0 && on === view.rows.length;
    box.indeterminate = on > 0 && on < view.rows.length;
    return box;
  };

  const head = (view) =>
    make(
      "tr",
      {},
      make("th", { scope: "col" }, everyRow(view)),
      ...view.columns.map((column) =>
        make(
          "th",
          {
            scope: "col",
            class: column.side,
            "aria-sort": { up: "ascending", down: "descending" }[column.sorted] ?? "none",
            style: widths[column.name] ? `min-width:${widths[column.name]}px` : null,
          },
          make(
            "button",
            { class: "plain", onclick: () => turn("sort", { column: column.name }), title: `Sort by ${column.name}` },
            column.name + ({ up: " ▴", down: " ▾" }[column.sorted] ?? "")
          )
        )
      )
    );

  const cell = (view, row, index) => {
    const { text, whole } = row.cells[index];
    const column = view.columns[index];
    const shown =
      index === 0
        ? make("button", { class: "plain", tabindex: -1, onclick: () => tell("open", { id: row.id }) }, text)
        : column.code && text
          ? make("button", { class: "plain code", tabindex: -1, onclick: () => copy(whole, column.name) }, text)
          : text;
    const title = `${whole} (${column.code ? "click" : "double-click"} to copy)`;
    return make("td", { class: column.side, title: whole ? title : null, "data-whole": whole }, shown);
  };

  const body = (view) =>
    view.rows.map((row, at) => {
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
          class: row.selected ? "on" : null,
          "data-id": row.id,
          tabindex: here ? 0 : -1,
          "aria-selected": String(row.selected),
          onkeydown: (event) => keys(event, row),
        },
        make("td", {}, box),
        ...row.cells.map((_, index) => cell(view, row, index))
      );
      line.addEventListener("click", (event) => {
        // Text that somebody marks is not meant as a click.
        if (event.target.closest("button, input") || !getSelection().isCollapsed) return;
        select(row.id, !row.selected, event.shiftKey);
      });
      line.addEventListener("dblclick", (event) => {
        const at = event.target.closest("td");
        if (at?.dataset.whole) copy(at.dataset.whole, "the cell");
      });
      return line;
    });

  /* A box to type into: it is sent when somebody is done, and not because a new page took its place. */
  const box = (what, attributes, send) => {
    const input = make("input", { "data-do": what, ...attributes });
    const enter = () => {
      if (typed !== what || drawing) return;
      typed = null;
      send(input.value);
    };
    input.oninput = () => {
      typed = what;
    };
    input.onchange = enter;
    input.onblur = enter;
    input.onkeydown = (event) => {
      if (event.key === "Enter") enter();
    };
    return input;
  };

  const top = (view) => {
    const about = { type: "search", "aria-label": view.filter, placeholder: view.filter };
    const search = box("search", about, (text) => turn("search", { text }));
    search.value = view.search;
    return make("div", { class: "bar" }, make("strong", {}, view.heading), make("span", { class: "push" }, search));
  };

  const button = (text, what, enabled = true, more = {}, send = tell) =>
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
      { "aria-label": "rows a page", onchange: (event) => turn("size", { size: Number(event.target.value) }) },
      ...view.sizes.map((n) => make("option", { value: n, selected: n === view.size }, `${n} a page`))
    );
    const where = { min: 1, max: view.pages, value: view.page, "aria-label": view.pages ? `page, of ${view.pages}` : "page" };
    const jump = box("page", { type: "number", ...where }, (page) => {
      if (Number.isInteger(Number(page))) turn("page", { page: Number(page) });
    });
    return [
      make(
        "div",
        { class: "bar foot" },
        button("First", "first", view.can.first, {}, turn),
        button("Previous", "previous", view.can.previous, {}, turn),
        make("span", { class: "about" }, view.about),
        button("Next", "next", view.can.next, {}, turn),
        view.can.last === null ? null : button("Last", "last", view.can.last, {}, turn),
        make("label", { class: "page" }, "page ", jump, view.pages ? ` of ${view.pages}` : null),
        size,
        make("span", { class: "push meta" }, view.asked)
      ),
      make(
        "div",
        { class: "bar" },
        make("span", { class: "meta" }, `${view.selected} selected`),
        view.selected ? button("Clear", "clear") : null,
        make("button", { onclick: () => copy(view.code, "the code") }, "Copy as code"),
        button("CSV of this page", "download", true, { what: "page", format: "csv" }),
        button("CSV of all", "download", true, { what: "all", format: "csv" }),
        button("Parquet of this page", "download", true, { what: "page", format: "parquet" }),
        button("Parquet of all", "download", true, { what: "all", format: "parquet" }),
        ...(view.actions ?? []).map((action) => button(action.text, action.do, action.can)),
        button(view.grown ? `${view.grown} new · refresh` : "Refresh", "refresh", true, {}, turn),
        make("span", { class: "note" }, view.note),
        live
      ),
    ];
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
                onchange: (event) => turn("choose", { name: choice.name, value: event.target.value }),
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
    view.detail
      ? make(
          "section",
          { class: "detail", "aria-label": view.detail.heading },
          make("strong", {}, view.detail.heading),
          ...view.detail.lines.map((line) => make("div", {}, line)),
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
        )
      : null;

  const trouble = (view) =>
    view.error
      ? make(
          "div",
          { class: "error", role: "alert" },
          ...view.error.lines.map((line) => make("div", {}, line)),
          make("details", {}, make("summary", {}, "More"), make("pre", {}, view.error.story))
        )
      : null;

  const draw = () => {
    const view = model.get("view");
    if (!view.columns) return;
    drawing = true;
    const active = root.contains(document.activeElement) ? document.activeElement : null;
    const inRow = active?.closest("tbody tr")?.dataset.id;
    const doing = active?.dataset?.do;
    const key = active?.dataset?.key;
    const place = key ? `[data-key="${CSS.escape(key)}"]` : doing ? `[data-do="${doing}"]` : null;
    const kept = doing && doing === typed ? active : null;
    root.dataset.theme = view.theme;
    if (awaited !== view.turned) awaited = null;
    busy(view.busy || awaited !== null);
    const table = make(
      "table",
      { "aria-rowcount": view.total ?? -1 },
      make("caption", {}, `${view.heading}: ${view.about}, ${view.asked}`),
      make("thead", {}, head(view)),
      make("tbody", {}, ...body(view))
    );
    const scroll = make("div", { class: "scroll" }, table, view.empty ? make("div", { class: "empty" }, view.empty) : null);
    scroll.style.minHeight = view.rows.length < view.size && view.pages !== 1 ? `${28 * (view.size + 1)}px` : "";
    root.replaceChildren(...[top(view), choices(view), trouble(view), confirm(view), scroll, ...foot(view), detail(view)].filter(Boolean));
    view.columns.forEach((column, index) => {
      const width = table.tHead.rows[0].cells[index + 1].offsetWidth;
      widths[column.name] = Math.max(widths[column.name] ?? 0, Math.min(width, 320));
    });
    if (inRow) focus(view.rows.some((row) => row.id === inRow) ? inRow : view.rows[0]?.id);
    else if (kept) root.querySelector(place).replaceWith(kept);
    else if (place) root.querySelector(`${place}:not(:disabled)`)?.focus();
    kept?.focus();
    mark();
    drawing = false;
    const news = [view.note, view.about].filter((text) => text && text !== live.dataset.about && text !== live.dataset.note);
    if (news.length) said(news.join(". "));
    Object.assign(live.dataset, { about: view.about, note: view.note });
  };

  const file = (message, buffers) => {
    if (message.do === "file") save(message.name, message.type, buffers[0]);
  };

  model.on("msg:custom", file);
  const leave = living(model, gently(root, draw));
  return () => {
    model.off("msg:custom", file);
    busy(false);
    leave();
  };
}

export default { render };
