/* Drawings and charts of a panel. */

/* At this zoom the details of a box have 11 pixels; a drawing that is larger is moved instead. */
const MIN_ZOOM = 11 / 12;
const MAX_ZOOM = 8;
const MAX_HEIGHT = 420;
const STEP = 40;
const ARROWS = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] };

/* Handlers of an element that acts like a button. */
const activatable = (act) => ({
  role: "button",
  onclick: act,
  onkeydown: (event) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    event.stopPropagation();
    act();
  },
});

/* Return a function that describes a drawing. Its viewport (position and zoom) is kept while the boxes change. */
const createDrawing = (sendAction, draw) => {
  const viewport = { x: 0, y: 0, zoom: 1, moved: false };
  const arrow = `arrow-${Math.random().toString(36).slice(2)}`;
  let svg = null;
  let shown = null; // the drawing as it is shown
  let waiting = null; // the count of the boxes that wait until the user asks for them
  let isOver = false; // whether the pointer is over the drawing
  let opened = null; // the box that the user has opened, which keeps its position
  let centered = null; // the id of the match that was centered last
  let reachable = null; // the id of the box that Tab reaches, with its flows
  let dragged = null; // where the pointer was, while it moves the drawing

  const height = () => Math.min(shown.height, MAX_HEIGHT);
  const transform = () => `translate(${viewport.x} ${viewport.y}) scale(${viewport.zoom})`;
  // An edge fades where the drawing continues.
  const fading = () => {
    const { x, y, zoom } = viewport;
    const hidden = { top: -y, right: shown.width * zoom + x - svg.clientWidth, bottom: shown.height * zoom + y - height(), left: -x };
    return Object.entries(hidden)
      .map(([side, length]) => `--${side}: ${length > 12 ? "32px" : "0px"}`)
      .join("; ");
  };
  const applyViewport = () => {
    svg.querySelector("g").setAttribute("transform", transform());
    svg.setAttribute("style", fading());
  };
  const center = (box) => {
    // A drawing that is larger than the viewport is centered on the box.
    const scale = viewport.zoom;
    const within = (middle, visible, whole) => Math.min(0, Math.max(visible - whole, visible / 2 - middle));
    const [width, tall] = [shown.width * scale, shown.height * scale];
    if (box && width > svg.clientWidth) viewport.x = within((box.x + box.width / 2) * scale, svg.clientWidth, width);
    if (box && tall > height()) viewport.y = within((box.y + box.height / 2) * scale, height(), tall);
    applyViewport();
  };
  const here = () => shown.boxes.find((box) => box.class.includes("here")) ?? shown.boxes[0];
  const fit = () => {
    const zoom = Math.max(MIN_ZOOM, Math.min(1, svg.clientWidth / shown.width, height() / shown.height));
    Object.assign(viewport, { x: Math.max(0, (svg.clientWidth - shown.width * zoom) / 2), y: 0, zoom, moved: false });
    center(here());
  };
  const zoomBy = (by, x = svg.clientWidth / 2, y = height() / 2) => {
    const zoom = Math.min(MAX_ZOOM, Math.max(MIN_ZOOM, viewport.zoom * by));
    const moved = (at, middle) => middle - ((middle - at) * zoom) / viewport.zoom;
    Object.assign(viewport, { x: moved(viewport.x, x), y: moved(viewport.y, y), zoom, moved: true });
    applyViewport();
  };
  const move = (x, y) => {
    Object.assign(viewport, { x: viewport.x + x, y: viewport.y + y, moved: true });
    applyViewport();
  };
  /* Fit the drawing until the user has moved it, and center a new match. The width is known once it is displayed. */
  const settle = () => {
    if (!svg?.clientWidth) return;
    const match = shown.boxes.find((box) => box.id === shown.center && box.id !== centered);
    if (!viewport.moved && !opened) fit();
    if (match) {
      centered = match.id;
      viewport.moved = true;
      center(match);
    } else applyViewport();
  };
  const isVisible = ({ x, y }) => {
    const [left, top] = [x * viewport.zoom + viewport.x, y * viewport.zoom + viewport.y];
    return left > STEP && left < svg.clientWidth - STEP && top > 8 && top < height();
  };
  const point = (event) => {
    const { left, top } = svg.getBoundingClientRect();
    return [event.clientX - left, event.clientY - top];
  };

  const neighbour = (from, [dx, dy]) => {
    const distance = (box) => Math.abs(box.x - from.x) * (dx ? 1 : 4) + Math.abs(box.y - from.y) * (dy ? 1 : 4);
    const candidates = shown.boxes.filter((box) => (box.x - from.x) * dx + (box.y - from.y) * dy > 0);
    return candidates.sort((one, other) => distance(one) - distance(other))[0];
  };
  /* From a box the arrow keys reach the next one, from a flow its ends; else they move the drawing. */
  const followArrow = (event) => {
    const key = event.target.closest("[data-key]")?.dataset.key ?? "";
    const box = shown.boxes.find((each) => key === `box ${each.id}`);
    const line = shown.lines.find((each) => key === flowKey(each));
    const end = line && { ArrowLeft: line.starts[0], ArrowRight: line.ends[0] }[event.key];
    const next = box ? neighbour(box, ARROWS[event.key]) : shown.boxes.find((each) => each.id === end);
    if (next) {
      svg.querySelector(`[data-key="box ${CSS.escape(next.id)}"]`).focus();
      center(next);
    } else if (!box && !line) move(-STEP * ARROWS[event.key][0], -STEP * ARROWS[event.key][1]);
  };
  const handleKey = (event) => {
    const actions = { "+": () => zoomBy(1.25), "=": () => zoomBy(1.25), "-": () => zoomBy(0.8), 0: fit };
    const act = event.key in ARROWS ? () => followArrow(event) : actions[event.key];
    if (!act) return;
    event.preventDefault();
    event.stopPropagation();
    act();
  };

  const flowKey = (line) => `flow ${line.id} ${line.start} ${line.end}`;
  const drawLine = (line) => {
    const path = { d: line.path, class: `line ${line.class ?? ""}`, "marker-end": `url(#${arrow})` };
    return make("path", path, make("title", {}, line.title));
  };
  const drawBox = (box) =>
    make(
      "g",
      {
        ...activatable(() => {
          opened = box;
          sendAction("open", { id: box.id });
        }),
        class: `box ${box.class}`,
        tabindex: box.id === reachable ? 0 : -1,
        "data-key": `box ${box.id}`,
        "aria-label": box.title,
        "aria-pressed": String(box.class.split(" ").includes("selected")),
        onfocus: () => {
          reachable = box.id;
          draw();
        },
      },
      make("title", {}, box.title),
      make("rect", { x: box.x, y: box.y, width: box.width, height: box.height, rx: box.class.includes("data") ? 2 : 16 }),
      ...box.texts.map((text, at) =>
        make("text", { x: box.x + 8, y: box.y + (at ? 21 + 16 * at : 20), class: at ? "small" : null }, text)
      )
    );
  // Tab moves from a box to its flows; the arrow keys move from a flow to its boxes.
  const drawFlow = (line) =>
    make(
      "g",
      line.id
        ? {
            ...activatable(() => sendAction("open", { id: line.id })),
            class: `flow ${line.class ?? ""}`,
            tabindex: [...line.starts, ...line.ends].includes(reachable) ? 0 : -1,
            "data-key": flowKey(line),
            "aria-label": `Flow ${line.title}`,
            onfocus: () => isVisible(line) || center({ x: line.x, y: line.y, width: 0, height: 0 }),
          }
        : { class: "flow several", "data-key": flowKey(line) },
      make("title", {}, line.title),
      make("text", { x: line.x, y: line.y }, line.short)
    );
  const marker = { id: arrow, viewBox: "0 0 8 8", refX: 8, refY: 4, markerWidth: 8, markerHeight: 8, orient: "auto" };
  const drawSvg = () =>
    make(
      "svg",
      {
        height: height(),
        role: "group",
        "aria-label": shown.label,
        tabindex: 0,
        style: svg && fading(),
        hook: (element) => {
          svg = element;
          new ResizeObserver(settle).observe(svg);
        },
        onkeydown: handleKey,
        onwheel: (event) => {
          // The wheel without a modifier key scrolls the notebook.
          if (!event.ctrlKey && !event.metaKey) return;
          event.preventDefault();
          zoomBy(event.deltaY < 0 ? 1.2 : 1 / 1.2, ...point(event));
        },
        onpointerdown: (event) => {
          if (event.target.closest("[role=button]")) return;
          svg.setPointerCapture(event.pointerId);
          dragged = point(event);
        },
        onpointermove: (event) => {
          if (!dragged) return;
          const [x, y] = point(event);
          move(x - dragged[0], y - dragged[1]);
          dragged = [x, y];
        },
        onpointerup: () => {
          dragged = null;
        },
      },
      make("defs", {}, make("marker", marker, make("path", { d: "M0 0L8 4L0 8z", class: "arrow" }))),
      make(
        "g",
        { transform: transform() },
        ...shown.lines.map(drawLine),
        ...shown.boxes.map(drawBox),
        ...shown.lines.filter((line) => line.short).map(drawFlow)
      )
    );

  /* Show a drawing; boxes that were added wait, and are counted, while the pointer is over it. */
  const show = (node) => {
    const ids = shown?.boxes.map((box) => box.id) ?? [];
    const added = node.boxes.filter((box) => !ids.includes(box.id)).length;
    const isSame = !added && ids.length === node.boxes.length;
    waiting = shown && isOver && !isSame && shown.turned === node.turned ? added || "Changes" : null;
    if (waiting) return;
    shown = node;
    // The opened box keeps its position; the others move.
    const moved = node.boxes.find((box) => box.id === opened?.id);
    if (moved) {
      viewport.x += (opened.x - moved.x) * viewport.zoom;
      viewport.y += (opened.y - moved.y) * viewport.zoom;
      opened = moved;
    }
    if (!node.boxes.some((box) => box.id === reachable)) reachable = here()?.id;
    settle();
  };
  const showNew = () => {
    shown = null;
    draw();
  };
  const control = (text, title, act) => make("button", { onclick: act, "aria-label": title, title, "data-key": title }, text);
  return (node, controls) => {
    show(node);
    return make(
      "div",
      { class: "picture", onpointerenter: () => (isOver = true), onpointerleave: () => (isOver = false) },
      make(
        "div",
        { class: "zoom" },
        ...controls,
        waiting && make("button", { "data-key": "new", onclick: showNew }, `${waiting} new`),
        control("+", "Zoom in", () => zoomBy(1.25)),
        control("−", "Zoom out", () => zoomBy(0.8)),
        control("Fit", "Fit the drawing", fit)
      ),
      drawSvg()
    );
  };
};

/* A chart; a shape with a message can be activated. */
const chart = (node, sendAction) => {
  const isSmall = node.width < 150;
  const shape = ([tag, kind, at, text, message]) => {
    const key = { tabindex: 0, "aria-label": text, "data-key": `shape ${JSON.stringify(message)}` };
    const act = message && { ...activatable(() => sendAction(message.do, message)), ...key };
    return make(tag, { ...at, class: kind, ...act }, tag === "text" ? text : text ? make("title", {}, text) : null);
  };
  return make(
    "svg",
    {
      class: isSmall ? "chart small" : "chart",
      viewBox: `0 0 ${node.width} ${node.height}`,
      width: isSmall ? node.width : null,
      role: node.shapes.some((each) => each[4]) ? "group" : "img",
      "aria-label": node.label,
    },
    ...node.shapes.map(shape)
  );
};
