/* A panel. It draws the tree in `view` and sends the user's actions to the kernel; it decides nothing. */

const SVG = "http://www.w3.org/2000/svg";
const svgNode = (name, attributes = {}, ...children) => fill(document.createElementNS(SVG, name), attributes, children);

/* At this zoom the details of a box have 11 pixels; a drawing that is larger is moved instead. */
const MIN_ZOOM = 11 / 12;
/* Width in pixels below which a list replaces a drawing. */
const NARROW = 480;

/* The viewport (position and zoom) of the drawing is kept while its boxes change. */
const picture = (node, sendAction, viewport, controls) => {
  const { width, height } = node;
  const visibleHeight = Math.min(height, 420);
  const svg = svgNode("svg", { height: visibleHeight, role: "group", "aria-label": node.label, tabindex: 0 });
  const all = svgNode("g");
  const id = `arrow-${Math.random().toString(36).slice(2)}`;
  svg.append(
    svgNode(
      "defs",
      {},
      svgNode(
        "marker",
        { id, viewBox: "0 0 8 8", refX: 8, refY: 4, markerWidth: 8, markerHeight: 8, orient: "auto" },
        svgNode("path", { d: "M0 0L8 4L0 8z", class: "arrow" })
      )
    ),
    all
  );
  const applyTransform = () => {
    const { x, y, zoom } = viewport;
    all.setAttribute("transform", `translate(${x} ${y}) scale(${zoom})`);
    // An edge fades where the drawing continues.
    const hidden = [-y, width * zoom + x - svg.clientWidth, height * zoom + y - visibleHeight, -x];
    ["top", "right", "bottom", "left"].forEach((side, at) => svg.style.setProperty(`--${side}`, hidden[at] > 12 ? "32px" : "0px"));
  };
  const flowsOf = (id) => flows.filter(({ line }) => line.starts.includes(id) || line.ends.includes(id));
  // Tab moves from a box to its flows; the arrow keys move from a flow to its boxes.
  const makeReachable = (id) => {
    flows.forEach(({ group }) => (group.tabIndex = -1));
    flowsOf(id).forEach(({ group }) => (group.tabIndex = 0));
  };
  const makeActivatable = (group, open) => {
    group.onclick = open;
    group.onkeydown = (event) => {
      if (event.key === "Enter" || event.key === " ") {
        event.preventDefault();
        event.stopPropagation();
        open();
      }
    };
  };
  for (const line of node.lines) {
    const path = { d: line.path, class: `line ${line.class ?? ""}`, "marker-end": `url(#${id})` };
    all.append(svgNode("path", path, svgNode("title", {}, line.title)));
  }
  const boxes = node.boxes.map((box) => {
    const group = svgNode(
      "g",
      {
        class: `box ${box.class}`,
        tabindex: -1,
        role: "button",
        "data-key": `box ${box.id}`,
        "aria-label": box.title,
        "aria-pressed": String(box.class.split(" ").includes("selected")),
        onfocus: () => makeReachable(box.id),
      },
      svgNode("title", {}, box.title),
      svgNode("rect", { x: box.x, y: box.y, width: box.width, height: box.height, rx: box.class.includes("data") ? 2 : 16 }),
      ...box.texts.map((text, at) =>
        svgNode("text", { x: box.x + 8, y: box.y + (at ? 21 + 16 * at : 20), class: at ? "small" : null }, text)
      )
    );
    makeActivatable(group, () => {
      viewport.kept = box;
      sendAction("open", { id: box.id });
    });
    all.append(group);
    return group;
  });
  const flows = node.lines.flatMap((line) => {
    if (!line.short) return [];
    const label = svgNode("text", { x: line.x, y: line.y }, line.short);
    const group = svgNode("g", { class: line.id ? `flow ${line.class ?? ""}` : "flow several" }, svgNode("title", {}, line.title), label);
    all.append(group);
    if (!line.id) return [];
    fill(group, {
      tabindex: -1,
      role: "button",
      "data-key": `flow ${line.id} ${line.start} ${line.end}`,
      "aria-label": `Flow ${line.title}`,
      onfocus: () => {
        if (!isVisible(line)) center({ x: line.x, y: line.y, width: 0, height: 0 });
      },
    }, []);
    makeActivatable(group, () => sendAction("open", { id: line.id }));
    return [{ line, group }];
  });
  if (boxes.length) {
    const at = Math.max(0, node.boxes.findIndex((box) => box.class.includes("here")));
    boxes[at].tabIndex = 0;
    makeReachable(node.boxes[at].id);
  }
  const zoom = (by, x = svg.clientWidth / 2, y = visibleHeight / 2) => {
    viewport.moved = true;
    const next = Math.min(8, Math.max(MIN_ZOOM, viewport.zoom * by));
    viewport.x = x - ((x - viewport.x) * next) / viewport.zoom;
    viewport.y = y - ((y - viewport.y) * next) / viewport.zoom;
    viewport.zoom = next;
    applyTransform();
  };
  const move = (x, y) => {
    viewport.moved = true;
    viewport.x += x;
    viewport.y += y;
    applyTransform();
  };
  const fit = () => {
    const scale = Math.max(MIN_ZOOM, Math.min(1, svg.clientWidth / width, visibleHeight / height));
    Object.assign(viewport, { x: Math.max(0, (svg.clientWidth - width * scale) / 2), y: 0, zoom: scale, moved: false });
    center(node.boxes.find((box) => box.class.includes("here")) ?? node.boxes[0]);
  };
  const center = (box) => {
    // A drawing that is larger than the viewport is centered on the box.
    const scale = viewport.zoom;
    const within = (middle, visible, whole) => Math.min(0, Math.max(visible - whole, visible / 2 - middle));
    if (box && width * scale > svg.clientWidth) viewport.x = within((box.x + box.width / 2) * scale, svg.clientWidth, width * scale);
    if (box && height * scale > visibleHeight) viewport.y = within((box.y + box.height / 2) * scale, visibleHeight, height * scale);
    applyTransform();
  };
  const isVisible = ({ x, y }) => {
    const [left, top] = [x * viewport.zoom + viewport.x, y * viewport.zoom + viewport.y];
    return left > 40 && left < svg.clientWidth - 40 && top > 8 && top < visibleHeight;
  };
  const point = (event) => {
    const box = svg.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  svg.addEventListener(
    "wheel",
    (event) => {
      // The wheel without a modifier key scrolls the notebook.
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      zoom(event.deltaY < 0 ? 1.2 : 1 / 1.2, ...point(event));
    },
    { passive: false }
  );
  svg.onpointerdown = (event) => {
    if (event.target.closest("[role=button]")) return;
    svg.setPointerCapture(event.pointerId);
    let last = point(event);
    svg.onpointermove = (next) => {
      const now = point(next);
      move(now[0] - last[0], now[1] - last[1]);
      last = now;
    };
    svg.onpointerup = () => {
      svg.onpointermove = null;
    };
  };
  const neighbour = (from, event) => {
    const at = node.boxes[boxes.indexOf(from)];
    const [dx, dy] = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] }[event.key];
    const distance = (box) => Math.abs(box.x - at.x) * (dx ? 1 : 4) + Math.abs(box.y - at.y) * (dy ? 1 : 4);
    const candidates = node.boxes.filter((box) => (box.x - at.x) * dx + (box.y - at.y) * dy > 0);
    candidates.sort((one, other) => distance(one) - distance(other));
    return candidates.length ? boxes[node.boxes.indexOf(candidates[0])] : null;
  };
  svg.onkeydown = (event) => {
    const box = event.target.closest(".box");
    const step = 40;
    const actions = {
      "+": () => zoom(1.25),
      "=": () => zoom(1.25),
      "-": () => zoom(0.8),
      0: fit,
    };
    if (event.key.startsWith("Arrow")) {
      event.preventDefault();
      event.stopPropagation();
      const flow = flows.find(({ group }) => group === event.target.closest(".flow"));
      const end = flow && { ArrowLeft: flow.line.starts[0], ArrowRight: flow.line.ends[0] }[event.key];
      const next = box ? neighbour(box, event) : boxes[node.boxes.findIndex((each) => each.id === end)];
      if (next) {
        boxes.forEach((each) => (each.tabIndex = -1));
        next.tabIndex = 0;
        next.focus();
        center(node.boxes[boxes.indexOf(next)]);
      } else if (!box && !flow) {
        const [dx, dy] = { ArrowRight: [-1, 0], ArrowLeft: [1, 0], ArrowDown: [0, -1], ArrowUp: [0, 1] }[event.key];
        move(dx * step, dy * step);
      }
    } else if (actions[event.key]) {
      event.preventDefault();
      event.stopPropagation();
      actions[event.key]();
    }
  };
  // The opened box keeps its position; the others move.
  const kept = node.boxes.find((box) => box.id === viewport.kept?.id);
  if (kept) {
    viewport.x += (viewport.kept.x - kept.x) * viewport.zoom;
    viewport.y += (viewport.kept.y - kept.y) * viewport.zoom;
    viewport.kept = kept;
  }
  applyTransform();
  // The width is known once the drawing is displayed, and changes with the window.
  new ResizeObserver(() => {
    if (!svg.clientWidth) return;
    const match = node.boxes.find((box) => box.id === node.center && box.id !== viewport.centered);
    if (!viewport.moved && !viewport.kept) fit();
    if (match) {
      viewport.centered = match.id;
      viewport.moved = true;
      center(match);
    } else applyTransform();
  }).observe(svg);
  const control = (text, name, act) => make("button", { onclick: act, "aria-label": name, title: name }, text);
  return make(
    "div",
    { class: "picture" },
    make(
      "div",
      { class: "zoom" },
      ...controls,
      control("+", "Zoom in", () => zoom(1.25)),
      control("−", "Zoom out", () => zoom(0.8)),
      control("Fit", "Fit the drawing", fit)
    ),
    svg
  );
};

/* Return the drawing to show: boxes that were added wait, and are counted, while the pointer is over the drawing. */
const steady = (node, viewport) => {
  const { shown } = viewport;
  const ids = node.boxes.map((box) => box.id);
  const added = shown ? ids.filter((id) => !shown.boxes.some((box) => box.id === id)).length : 0;
  const isSame = shown && !added && ids.length === shown.boxes.length;
  if (isSame || !shown || !viewport.isOver || shown.turned !== node.turned) {
    viewport.shown = node;
    viewport.waiting = 0;
  } else viewport.waiting = added || "Changes";
  return { ...viewport.shown, children: node.children };
};

/* A chart; a shape with a message can be activated. */
const chart = (node, sendAction) => {
  const shape = ([tag, kind, at, text, message]) => {
    const act = message && (() => sendAction(message.do, message));
    return svgNode(
      tag,
      {
        ...at,
        class: kind,
        ...(act && {
          role: "button",
          tabindex: 0,
          "aria-label": text,
          "data-key": `shape ${JSON.stringify(message)}`,
          onclick: act,
          onkeydown: (event) => {
            if (event.key !== "Enter" && event.key !== " ") return;
            event.preventDefault();
            event.stopPropagation();
            act();
          },
        }),
      },
      tag === "text" ? text : text ? svgNode("title", {}, text) : null
    );
  };
  const isInteractive = node.shapes.some((each) => each[4]);
  return svgNode(
    "svg",
    {
      class: node.width < 150 ? "chart small" : "chart",
      viewBox: `0 0 ${node.width} ${node.height}`,
      width: node.width < 150 ? node.width : null,
      role: isInteractive ? "group" : "img",
      "aria-label": node.label,
    },
    ...node.shapes.map(shape)
  );
};

const nested = ({ lines, ids }, sendAction) => {
  const top = make("ul");
  const open = [top];
  for (const [at, [depth, words]] of lines.entries()) {
    while (open.length > depth + 1) open.pop();
    while (open.length < depth + 1) {
      const inner = make("ul");
      (open[open.length - 1].lastElementChild ?? open[open.length - 1]).append(inner);
      open.push(inner);
    }
    const act = () => sendAction("open", { id: ids[at] });
    const item = ids[at] ? make("button", { class: "link", "data-key": `item ${at}`, onclick: act }, words) : words;
    open[open.length - 1].append(make("li", {}, item));
  }
  return top;
};

function render({ model, el }) {
  // JupyterLab would otherwise handle the keys as shortcuts of its cells.
  const root = make("div", { class: "aero-panel", "data-lm-suppress-shortcuts": "true" });
  const live = make("div", { class: "unseen", role: "status", "aria-live": "polite" });
  const view = Math.random().toString(36).slice(2);
  const content = make("div");
  root.append(content, live);
  el.append(root);
  const viewport = { x: 0, y: 0, zoom: 1 };
  const typed = {}; // values that the kernel has not received yet
  const opened = {}; // folds that the user has opened or closed
  const timers = {};
  let isNarrow = false;
  const busy = busyIndicator(root);

  const sendAction = (what, more = {}) => model.send({ do: what, ...more });
  const send = (name) => {
    clearTimeout(timers[name]);
    delete timers[name];
    if (name in typed) sendAction("set", { name, value: typed[name] });
  };
  const flush = () => Object.keys(timers).forEach(send);
  const press = (node) => {
    flush();
    sendAction(node.do, node.more);
  };

  const field = (node) => {
    const list = `${view}-${node.name}`;
    const input = make(node.lines > 1 ? "textarea" : "input", {
      "data-key": `field ${node.name}`,
      "aria-label": node.label,
      placeholder: node.hint,
      spellcheck: "false",
      autocomplete: "off",
      rows: node.lines > 1 ? node.lines : null,
      list: node.known.length ? list : null,
    });
    input.value = node.name in typed ? typed[node.name] : node.value;
    input.oninput = () => {
      typed[node.name] = input.value;
      clearTimeout(timers[node.name]);
      timers[node.name] = setTimeout(() => send(node.name), 250);
    };
    input.onchange = () => send(node.name);
    input.onkeydown = (event) => {
      event.stopPropagation();
      if (event.key === "Enter" && node.lines === 1) send(node.name);
    };
    return make(
      "label",
      { class: node.lines > 1 ? "field tall" : node.wide ? "field wide" : "field" },
      make("span", node.quiet ? { class: "unseen" } : {}, node.label),
      input,
      node.known.length ? make("datalist", { id: list }, ...node.known.map((value) => make("option", { value }))) : null
    );
  };

  const choice = (node) => {
    const select = make(
      "select",
      { "data-key": `choice ${node.name}`, "aria-label": node.label },
      ...node.options.map(([value, text]) => make("option", { value }, text))
    );
    select.value = node.value;
    select.onchange = () => {
      flush();
      sendAction("set", { name: node.name, value: select.value });
    };
    select.onkeydown = (event) => event.stopPropagation();
    return make("label", { class: "field" }, make("span", {}, node.label), select);
  };

  const tabs = (node) => {
    const names = node.options.map(([value]) => value);
    const openTab = (value) => sendAction("tab", { tab: value });
    const bar = make("div", { role: "tablist", class: "tabs" });
    for (const [value, text] of node.options) {
      const isCurrent = value === node.value;
      bar.append(
        make(
          "button",
          {
            role: "tab",
            "aria-selected": String(isCurrent),
            tabindex: isCurrent ? 0 : -1,
            "data-key": `tab ${value}`,
            onclick: () => openTab(value),
            onkeydown: (event) => {
              const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
              if (!step) return;
              event.preventDefault();
              event.stopPropagation();
              const next = names[(names.indexOf(value) + step + names.length) % names.length];
              bar.querySelector(`[data-key="tab ${next}"]`).focus();
              openTab(next);
            },
          },
          text
        )
      );
    }
    return bar;
  };

  const makers = {
    panel: (node) => make("section", { "aria-label": node.label }, ...below(node)),
    text: (node) => make("span", { class: `text ${node.kind}`, title: node.title || null }, node.text),
    pre: (node) => markedText(node.text, node.marked),
    row: (node) => make("div", { class: "row" }, ...below(node)),
    group: (node) =>
      make(
        "div",
        { class: "group", role: "group", "aria-label": node.label || null, "data-group": node.key || null },
        node.label ? make("div", { class: "strong" }, node.label) : null,
        ...below(node)
      ),
    fold: (node) => {
      const details = make("details", {}, make("summary", {}, node.label), ...below(node));
      details.open = opened[node.label] ?? (node.open || (node.narrow && isNarrow));
      details.ontoggle = () => {
        if (details.isConnected) opened[node.label] = details.open;
      };
      return details;
    },
    button: (node) =>
      make(
        "button",
        {
          class: node.primary ? "primary" : null,
          disabled: !node.can,
          "data-key": `button ${node.do} ${JSON.stringify(node.more)}`,
          onclick: () => press(node),
        },
        node.text
      ),
    copy: (node) =>
      make(
        "button",
        {
          "data-key": `copy ${node.name}`,
          onclick: async () => {
            await copyText(node.what);
            live.textContent = `Copied ${node.name}.`;
          },
        },
        node.text
      ),
    field,
    choice,
    note: (node) =>
      make(
        "div",
        { class: "note", "data-mark": node.mark },
        make("span", { class: "mark", "aria-hidden": "true" }, node.mark),
        make("span", { class: "words" }, node.text),
        ...below(node)
      ),
    tabs,
    picture: (node) => {
      const shown = steady(node, viewport);
      const showNew = () => {
        viewport.shown = null;
        redraw();
      };
      const news = viewport.waiting ? make("button", { "data-key": "new", onclick: showNew }, `${viewport.waiting} new`) : null;
      const drawn = picture(shown, sendAction, viewport, [...below(node), news]);
      drawn.onpointerenter = () => (viewport.isOver = true);
      drawn.onpointerleave = () => (viewport.isOver = false);
      return drawn;
    },
    nested: (node) => nested(node, sendAction),
    code: (node) =>
      make(
        "pre",
        { class: "source", tabindex: 0, role: "region", "aria-label": node.label },
        ...node.parts.map(([kind, text]) => make("span", { class: kind || null }, text))
      ),
    chart: (node) => chart(node, sendAction),
    table: (node) =>
      make(
        "div",
        { class: "table", tabindex: 0, role: "group", "aria-label": node.label, "data-key": `table ${node.label}` },
        make(
          "table",
          {},
          make("caption", {}, node.label),
          make("thead", {}, make("tr", {}, ...node.columns.map((name, at) => cell("th", name, node.numbers.includes(at))))),
          make(
            "tbody",
            {},
            ...node.rows.map((row) => make("tr", {}, ...row.map((value, at) => cell("td", value, node.numbers.includes(at)))))
          )
        )
      ),
    trouble: (node) =>
      make(
        "div",
        { class: "trouble", role: "alert" },
        ...node.lines.map((line) => make("div", {}, line)),
        node.story ? make("details", {}, make("summary", {}, "More"), make("pre", {}, node.story)) : null
      ),
  };
  const cell = (name, value, isNumber) =>
    make(
      name,
      { class: isNumber ? "number" : null, scope: name === "th" ? "col" : null },
      typeof value === "string" ? value : makers[value.is](value)
    );
  const below = (node) => node.children.map((child) => makers[child.is](child));

  const draw = () => {
    const tree = model.get("view");
    if (!tree.is) return;
    const active = /** @type {HTMLInputElement | null} */ (root.contains(document.activeElement) ? document.activeElement : null);
    const key = active?.dataset?.key;
    const range = active && "selectionStart" in active ? [active.selectionStart, active.selectionEnd] : null;
    const scrolled = [...content.querySelectorAll("pre")].map((each) => each.scrollTop);
    // Values that the kernel has received are dropped; the value of the focused field is kept.
    for (const node of fields(tree)) {
      if (typed[node.name] === node.value || (!(node.name in timers) && key !== `field ${node.name}`)) delete typed[node.name];
    }
    busy(tree.busy);
    if (tree.below && !content.firstChild) requestAnimationFrame(() => root.scrollIntoView({ block: "nearest" }));
    root.dataset.theme = tree.theme ?? "auto";
    content.replaceChildren(makers.panel(tree));
    [...content.querySelectorAll("pre")].forEach((each, at) => (each.scrollTop = scrolled[at] ?? 0));
    if (key) {
      const sameNode = [...content.querySelectorAll("[data-key]")].find((each) => each.dataset.key === key);
      sameNode?.focus();
      if (range && sameNode && "setSelectionRange" in sameNode && sameNode.type !== "number") sameNode.setSelectionRange(...range);
    }
    if (tree.said && tree.said !== live.dataset.said) live.textContent = tree.said;
    live.dataset.said = tree.said ?? "";
  };
  const fields = (node) => [
    ...(node.is === "field" ? [node] : []),
    ...(node.children ?? []).flatMap((child) => fields(child)),
  ];

  const redraw = redrawWhenIdle(root, draw);
  const detach = attachView(model, root, redraw);
  let isVisible = false;
  const widths = new ResizeObserver(() => {
    if (!isVisible && root.clientWidth) {
      isVisible = true;
      sendAction("visible", { view });
    }
    const isNowNarrow = root.clientWidth > 0 && root.clientWidth < NARROW;
    if (isNowNarrow === isNarrow) return;
    isNarrow = isNowNarrow;
    root.classList.toggle("narrow", isNarrow);
    redraw();
  });
  widths.observe(root);
  return () => {
    widths.disconnect();
    busy(false);
    detach();
  };
}

export default { initialize, render };
