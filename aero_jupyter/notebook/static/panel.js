/* A panel. It draws a tree and sends the user's actions to the kernel; it decides nothing. */

/* Width in pixels below which a list replaces a drawing. */
const NARROW = 480;

/* A nested list; a click on a line opens its id. */
const nested = ({ lines, ids }, sendAction) => {
  const open = [make("ul")];
  for (const [at, [depth, words]] of lines.entries()) {
    while (open.length > depth + 1) open.pop();
    while (open.length < depth + 1) {
      const inner = make("ul");
      const list = open[open.length - 1];
      /** @type {any} */ (list.children[list.children.length - 1] ?? list).children.push(inner);
      open.push(inner);
    }
    const act = () => sendAction("open", { id: ids[at] });
    const item = ids[at] ? make("button", { class: "link", "data-key": `item ${at}`, onclick: act }, words) : words;
    open[open.length - 1].children.push(make("li", {}, item));
  }
  return open[0];
};

const tabs = (node, sendAction) => {
  const names = node.options.map(([value]) => value);
  const openNext = (event, value) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    event.stopPropagation();
    const next = names[(names.indexOf(value) + step + names.length) % names.length];
    event.currentTarget.parentNode.querySelector(`[data-key="tab ${next}"]`).focus();
    sendAction("tab", { tab: next });
  };
  const tab = ([value, text]) => {
    const isCurrent = value === node.value;
    const about = { role: "tab", "aria-selected": String(isCurrent), tabindex: isCurrent ? 0 : -1, "data-key": `tab ${value}` };
    const act = { onclick: () => sendAction("tab", { tab: value }), onkeydown: (event) => openNext(event, value) };
    return make("button", { ...about, ...act }, text);
  };
  return make("div", { role: "tablist", class: "tabs" }, ...node.options.map(tab));
};

/* Text fields and selections. What its user types is sent after a pause, when the field is left, and before any action. */
const createFields = (sendAction) => {
  const view = Math.random().toString(36).slice(2);
  const pending = /** @type {Map<string, {timer: number, value: string}>} */ (new Map());
  const send = (name) => {
    const typed = pending.get(name);
    if (!typed) return;
    pending.delete(name);
    clearTimeout(typed.timer);
    sendAction("set", { name, value: typed.value });
  };
  const flush = () => [...pending.keys()].forEach(send);
  const labelled = (node, kind, ...inner) =>
    make(
      "label",
      { class: kind, "data-key": `label ${node.name}` },
      make("span", node.quiet ? { class: "unseen" } : {}, node.label),
      ...inner
    );
  const field = (node) => {
    const list = `${view}-${node.name}`;
    const hasLines = node.lines > 1;
    const input = make(hasLines ? "textarea" : "input", {
      "data-key": `field ${node.name}`,
      "aria-label": node.label,
      placeholder: node.hint,
      spellcheck: "false",
      autocomplete: "off",
      rows: hasLines ? node.lines : null,
      list: node.known.length ? list : null,
      value: node.value,
      oninput: ({ currentTarget: { value } }) => {
        clearTimeout(pending.get(node.name)?.timer);
        pending.set(node.name, { value, timer: setTimeout(() => send(node.name), TYPING_MILLISECONDS) });
      },
      onchange: () => send(node.name),
      onkeydown: (event) => {
        event.stopPropagation();
        if (event.key === "Enter" && !hasLines) send(node.name);
      },
    });
    const known = node.known.length ? make("datalist", { id: list }, ...node.known.map((value) => make("option", { value }))) : null;
    return labelled(node, hasLines ? "field tall" : node.wide ? "field wide" : "field", input, known);
  };
  const choice = (node) => {
    const onchange = ({ currentTarget: { value } }) => {
      flush();
      sendAction("set", { name: node.name, value });
    };
    const about = { "data-key": `choice ${node.name}`, "aria-label": node.label, value: node.value };
    return labelled(node, "field", choiceOf({ ...about, onchange, onkeydown: (event) => event.stopPropagation() }, node.options));
  };
  const selection = (node) => {
    const send = ({ currentTarget: { selectedOptions } }) =>
      sendAction("set", { name: node.name, value: [...selectedOptions].map((option) => option.value) });
    const option = ([value, text]) => make("option", { value, selected: node.value.includes(value) }, text);
    const about = { "aria-label": node.label, multiple: true, "data-key": `selection ${node.name}`, onchange: send };
    return labelled(node, "field", make("select", about, ...node.options.map(option)));
  };
  return { field, choice, selection, flush };
};

/* What tells a node from its siblings; a row is known by the first of its nodes that is known. */
const keyOf = (node) => {
  if (node.do) return `${node.do} ${JSON.stringify(node.more)}`;
  const own = node.name || node.key || node.label || (node.is === "note" && node.text);
  return own || node.children?.map(keyOf).find(Boolean);
};

function renderPanel(context) {
  const { model } = context;
  const base = createRoot(context, "aero-panel");
  const { root, content, live, busy, sendAction, copyButton } = base;
  let isNarrow = false;
  const { field, choice, selection, flush } = createFields(sendAction);
  const drawing = createDrawing(sendAction, () => drawWhenIdle());

  const button = (node) => {
    const press = () => {
      flush();
      sendAction(node.do, node.more);
    };
    return make("button", { class: node.primary ? "primary" : null, disabled: !node.can, onclick: press }, node.text);
  };
  const table = (node) => {
    const cell = (name, value, at) => {
      const about = { class: node.numbers.includes(at) ? "number" : null, scope: name === "th" ? "col" : null };
      return make(name, about, typeof value === "string" ? value : drawNode(value));
    };
    const line = (name, values) => make("tr", {}, ...values.map((value, at) => cell(name, value, at)));
    return make(
      "div",
      { class: "table", tabindex: 0, role: "group", "aria-label": node.label },
      make(
        "table",
        {},
        make("caption", {}, node.label),
        make("thead", {}, line("th", node.columns)),
        make("tbody", {}, ...node.rows.map((row) => line("td", row)))
      )
    );
  };
  const group = (node) => {
    const about = { class: "group", role: "group", "aria-label": node.label || null, "data-group": node.key || null };
    return make("div", about, node.label ? make("div", { class: "strong" }, node.label) : null, ...below(node));
  };
  const fold = (node) =>
    make("details", { open: node.open || (node.narrow && isNarrow) }, make("summary", {}, node.label), ...below(node));
  const note = (node) =>
    make(
      "div",
      { class: "note", "data-mark": node.mark },
      make("span", { class: "mark", "aria-hidden": "true" }, node.mark),
      make("span", { class: "words" }, node.text),
      ...below(node)
    );
  const code = (node) =>
    make(
      "pre",
      { class: "source", tabindex: 0, role: "region", "aria-label": node.label },
      ...node.parts.map(([kind, text]) => make("span", { class: kind || null }, text))
    );
  const makers = {
    button, table, group, fold, note, code, field, choice, selection,
    copy: (node) => copyButton(node.text, node.what, node.name),
    panel: (node) => make("section", { "aria-label": node.label }, ...below(node)),
    text: (node) => make("span", { class: `text ${node.kind}`, title: node.title || null }, node.text),
    pre: (node) => markedText(node.text, node.marked),
    row: (node) => make("div", { class: "row" }, ...below(node)),
    tabs: (node) => tabs(node, sendAction),
    picture: (node) => drawing(node, below(node)),
    file: (node) => make("a", { download: node.name, href: node.href }, `Save ${node.name}`),
    nested: (node) => nested(node, sendAction),
    chart: (node) => chart(node, sendAction),
    trouble: (node) => trouble("trouble", node.lines, node.story),
  };
  const drawNode = (node) => {
    const drawn = makers[node.is](node);
    drawn.attributes["data-key"] ??= [node.is, keyOf(node)].filter(Boolean).join(" ");
    return drawn;
  };
  const below = (node) => node.children.map(drawNode);

  const draw = () => {
    const tree = model.get("view");
    if (!tree.is) return;
    busy(tree.busy);
    if (tree.below && !content.firstChild) requestAnimationFrame(() => root.scrollIntoView({ block: "nearest" }));
    root.dataset.theme = tree.theme ?? "auto";
    redraw(content, [makers.panel(tree)]);
    if (tree.said && tree.said !== live.dataset.said) live.textContent = tree.said;
    live.dataset.said = tree.said ?? "";
  };

  let isVisible = false;
  const onResize = () => {
    if (!isVisible && root.clientWidth) {
      isVisible = true;
      sendAction("visible");
    }
    const isNowNarrow = root.clientWidth > 0 && root.clientWidth < NARROW;
    if (isNowNarrow === isNarrow) return;
    isNarrow = isNowNarrow;
    root.classList.toggle("narrow", isNarrow);
    drawWhenIdle();
  };
  const { draw: drawWhenIdle, leave } = attachView(model, base, draw, onResize);
  return leave;
}
