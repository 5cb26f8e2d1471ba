/* A panel: draws the tree that the kernel describes, and tells the kernel what was done; it decides nothing. */

const SVG = "http://www.w3.org/2000/svg";
const drawn = (name, attributes = {}, ...children) => fill(document.createElementNS(SVG, name), attributes, children);

/* The drawing keeps what is seen of it (where, how near) while its boxes change. */
const picture = (node, tell, seen) => {
  const { width, height } = node;
  const tall = Math.min(height, 420);
  const svg = drawn("svg", { height: tall, role: "group", "aria-label": node.label, tabindex: 0 });
  const all = drawn("g");
  const id = `arrow-${Math.random().toString(36).slice(2)}`;
  svg.append(
    drawn(
      "defs",
      {},
      drawn(
        "marker",
        { id, viewBox: "0 0 8 8", refX: 8, refY: 4, markerWidth: 8, markerHeight: 8, orient: "auto" },
        drawn("path", { d: "M0 0L8 4L0 8z", class: "arrow" })
      )
    ),
    all
  );
  const place = () => all.setAttribute("transform", `translate(${seen.x} ${seen.y}) scale(${seen.zoom})`);
  const touching = (id) => flows.filter(({ line }) => line.start === id || line.end === id);
  // Tab goes from a box to its flows, and from a flow the arrows go to its boxes.
  const reach = (id) => {
    flows.forEach(({ group }) => (group.tabIndex = -1));
    touching(id).forEach(({ group }) => (group.tabIndex = 0));
  };
  const opening = (group, open) => {
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
    all.append(drawn("path", { d: line.path, class: "line", "marker-end": `url(#${id})` }));
  }
  const boxes = node.boxes.map((box) => {
    const group = drawn(
      "g",
      {
        class: `box ${box.class}`,
        tabindex: -1,
        role: "button",
        "data-key": `box ${box.id}`,
        "aria-label": box.title,
        onfocus: () => reach(box.id),
      },
      drawn("title", {}, box.title),
      drawn("rect", { x: box.x, y: box.y, width: box.width, height: box.height, rx: box.class.includes("data") ? 2 : 16 }),
      ...box.texts.map((text, at) =>
        drawn("text", { x: box.x + 8, y: box.y + (at ? 21 + 15 * at : 20), class: at ? "small" : null }, text)
      )
    );
    opening(group, () => {
      seen.kept = box;
      tell(box.holds > 1 ? "unfold" : "open", { id: box.id });
    });
    all.append(group);
    return group;
  });
  const flows = node.lines.flatMap((line) => {
    const label = drawn("text", { x: line.x, y: line.y }, line.short);
    const group = drawn("g", { class: line.id ? "flow" : "flow several" }, drawn("title", {}, line.title), label);
    all.append(group);
    if (!line.id) return [];
    fill(group, {
      tabindex: -1,
      role: "button",
      "data-key": `flow ${line.id} ${line.start} ${line.end}`,
      "aria-label": `Flow ${line.title}`,
      onfocus: () => {
        if (!isSeen(line)) bring({ x: line.x, y: line.y, width: 0, height: 0 });
      },
    }, []);
    opening(group, () => tell("open", { id: line.id }));
    return [{ line, group }];
  });
  if (boxes.length) {
    const at = Math.max(0, node.boxes.findIndex((box) => box.class.includes("here")));
    boxes[at].tabIndex = 0;
    reach(node.boxes[at].id);
  }
  const zoom = (by, x = svg.clientWidth / 2, y = tall / 2) => {
    const next = Math.min(8, Math.max(0.1, seen.zoom * by));
    seen.x = x - ((x - seen.x) * next) / seen.zoom;
    seen.y = y - ((y - seen.y) * next) / seen.zoom;
    seen.zoom = next;
    place();
  };
  const move = (x, y) => {
    seen.x += x;
    seen.y += y;
    place();
  };
  const whole = () => {
    const near = Math.min(1, svg.clientWidth / width, tall / height);
    Object.assign(seen, { x: Math.max(0, (svg.clientWidth - width * near) / 2), y: 0, zoom: near });
    place();
  };
  const bring = (box) => {
    // What does not fit begins where somebody is.
    const near = seen.zoom;
    if (width * near > svg.clientWidth) seen.x = svg.clientWidth / 2 - (box.x + box.width / 2) * near;
    if (height * near > tall) seen.y = tall / 2 - (box.y + box.height / 2) * near;
    place();
  };
  const isSeen = ({ x, y }) => {
    const [left, top] = [x * seen.zoom + seen.x, y * seen.zoom + seen.y];
    return left > 40 && left < svg.clientWidth - 40 && top > 8 && top < tall;
  };
  const point = (event) => {
    const box = svg.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  svg.addEventListener(
    "wheel",
    (event) => {
      // A plain wheel scrolls the notebook.
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
    const far = (box) => Math.abs(box.x - at.x) * (dx ? 1 : 4) + Math.abs(box.y - at.y) * (dy ? 1 : 4);
    const ahead = node.boxes.filter((box) => (box.x - at.x) * dx + (box.y - at.y) * dy > 0);
    ahead.sort((one, other) => far(one) - far(other));
    return ahead.length ? boxes[node.boxes.indexOf(ahead[0])] : null;
  };
  svg.onkeydown = (event) => {
    const box = event.target.closest(".box");
    const step = 40;
    const actions = {
      "+": () => zoom(1.25),
      "=": () => zoom(1.25),
      "-": () => zoom(0.8),
      0: whole,
    };
    if (event.key.startsWith("Arrow")) {
      event.preventDefault();
      event.stopPropagation();
      const flow = flows.find(({ group }) => group === event.target.closest(".flow"));
      const end = flow && { ArrowLeft: flow.line.start, ArrowRight: flow.line.end }[event.key];
      const next = box ? neighbour(box, event) : boxes[node.boxes.findIndex((each) => each.id === end)];
      if (next) {
        boxes.forEach((each) => (each.tabIndex = -1));
        next.tabIndex = 0;
        next.focus();
        bring(node.boxes[boxes.indexOf(next)]);
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
  // What was opened stays where it is, while the rest moves.
  const kept = node.boxes.find((box) => box.id === seen.kept?.id);
  if (kept) {
    seen.x += (seen.kept.x - kept.x) * seen.zoom;
    seen.y += (seen.kept.y - kept.y) * seen.zoom;
    seen.kept = kept;
  }
  place();
  if (!seen.placed && node.boxes.length) {
    seen.placed = true;
    const here = node.boxes.find((box) => box.class.includes("here")) ?? node.boxes[0];
    requestAnimationFrame(() => bring(here));
  }
  const control = (text, name, act) => make("button", { onclick: act, "aria-label": name, title: name }, text);
  return make(
    "div",
    { class: "picture" },
    make(
      "div",
      { class: "zoom" },
      control("+", "Zoom in", () => zoom(1.25)),
      control("−", "Zoom out", () => zoom(0.8)),
      control("Whole", "Show the whole", whole)
    ),
    svg
  );
};

const nested = (lines) => {
  const top = make("ul");
  const open = [top];
  for (const [depth, words] of lines) {
    while (open.length > depth + 1) open.pop();
    while (open.length < depth + 1) {
      const inner = make("ul");
      (open[open.length - 1].lastElementChild ?? open[open.length - 1]).append(inner);
      open.push(inner);
    }
    open[open.length - 1].append(make("li", {}, words));
  }
  return top;
};

function render({ model, el }) {
  // The keys are the panel's: without this JupyterLab takes them for its cells.
  const root = make("div", { class: "aero-panel", "data-lm-suppress-shortcuts": "true" });
  const live = make("div", { class: "unseen", role: "status", "aria-live": "polite" });
  const view = Math.random().toString(36).slice(2);
  const shown = make("div");
  root.append(shown, live);
  el.append(root);
  const seen = { x: 0, y: 0, zoom: 1 };
  const typed = {}; // what was typed and is not known to the kernel yet
  const opened = {}; // folds that were opened or closed by hand
  const timers = {};
  const busy = busyness(root);

  const tell = (what, more = {}) => model.send({ do: what, ...more });
  const send = (name) => {
    clearTimeout(timers[name]);
    delete timers[name];
    if (name in typed) tell("set", { name, value: typed[name] });
  };
  const flush = () => Object.keys(timers).forEach(send);
  const press = (node) => {
    flush();
    tell(node.do, node.more);
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
      { class: node.lines > 1 ? "field tall" : "field" },
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
      tell("set", { name: node.name, value: select.value });
    };
    select.onkeydown = (event) => event.stopPropagation();
    return make("label", { class: "field" }, make("span", {}, node.label), select);
  };

  const tabs = (node) => {
    const names = node.options.map(([value]) => value);
    const go = (value) => tell("tab", { tab: value });
    const bar = make("div", { role: "tablist", class: "tabs" });
    for (const [value, text] of node.options) {
      const here = value === node.value;
      bar.append(
        make(
          "button",
          {
            role: "tab",
            "aria-selected": String(here),
            tabindex: here ? 0 : -1,
            "data-key": `tab ${value}`,
            onclick: () => go(value),
            onkeydown: (event) => {
              const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
              if (!step) return;
              event.preventDefault();
              event.stopPropagation();
              const next = names[(names.indexOf(value) + step + names.length) % names.length];
              bar.querySelector(`[data-key="tab ${next}"]`).focus();
              go(next);
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
      details.open = opened[node.label] ?? node.open;
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
    picture: (node) => picture(node, tell, seen),
    nested: (node) => nested(node.lines),
    trouble: (node) =>
      make(
        "div",
        { class: "trouble", role: "alert" },
        ...node.lines.map((line) => make("div", {}, line)),
        node.story ? make("details", {}, make("summary", {}, "More"), make("pre", {}, node.story)) : null
      ),
  };
  const below = (node) => node.children.map((child) => makers[child.is](child));

  const draw = () => {
    const tree = model.get("view");
    if (!tree.is) return;
    const active = root.contains(document.activeElement) ? document.activeElement : null;
    const key = active?.dataset?.key;
    const range = active && "selectionStart" in active ? [active.selectionStart, active.selectionEnd] : null;
    const scrolled = [...shown.querySelectorAll("pre")].map((each) => each.scrollTop);
    // What the kernel knows by now need not be kept; what stands in the field that has the focus stays.
    for (const node of fields(tree)) {
      if (typed[node.name] === node.value || (!(node.name in timers) && key !== `field ${node.name}`)) delete typed[node.name];
    }
    busy(tree.busy);
    root.dataset.theme = tree.theme ?? "auto";
    shown.replaceChildren(makers.panel(tree));
    [...shown.querySelectorAll("pre")].forEach((each, at) => (each.scrollTop = scrolled[at] ?? 0));
    if (key) {
      const again = [...shown.querySelectorAll("[data-key]")].find((each) => each.dataset.key === key);
      again?.focus();
      if (range && again && "setSelectionRange" in again && again.type !== "number") again.setSelectionRange(...range);
    }
    if (tree.said && tree.said !== live.dataset.said) live.textContent = tree.said;
    live.dataset.said = tree.said ?? "";
  };
  const fields = (node) => [
    ...(node.is === "field" ? [node] : []),
    ...(node.children ?? []).flatMap((child) => fields(child)),
  ];

  const leave = living(model, gently(root, draw));
  return () => {
    busy(false);
    leave();
  };
}

export default { render };
