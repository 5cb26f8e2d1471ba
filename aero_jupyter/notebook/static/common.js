/* Parts of panels and tables. */

/* A text is sent when its user has paused. */
const TYPING_MILLISECONDS = 250;
/* Jupyter's server holds back the kernel's answer for up to 40 ms, until the browser has acknowledged the status before
   it. Every message to the server acknowledges; this is when the status has come on one machine. */
const ACKNOWLEDGE_MILLISECONDS = 16;

const copyText = async (text) => {
  if (navigator.clipboard) {
    try {
      return await navigator.clipboard.writeText(text);
    } catch {
      // The browser may refuse the clipboard; the older way below needs no permission.
    }
  }
  const area = create(make("textarea", { value: text }));
  document.body.append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
};

const markedText = (text, marked) => {
  const markedLines = new Set(marked ?? []);
  const lines = text.split("\n");
  return make(
    "pre",
    { tabindex: 0 },
    ...lines.map((line, at) => make(markedLines.has(at) ? "mark" : "span", {}, at < lines.length - 1 ? `${line}\n` : line))
  );
};

/* An error: its lines, and the details folded. */
const trouble = (name, lines, story) =>
  make(
    "div",
    { class: name, role: "alert" },
    ...lines.map((line) => make("div", {}, line)),
    story ? make("details", {}, make("summary", {}, "More"), make("pre", {}, story)) : null
  );

/* A choice: pairs of a value and its text. */
const choiceOf = (attributes, pairs) => make("select", attributes, ...pairs.map(([value, text]) => make("option", { value }, text)));

const busyIndicator = (root) => {
  let timer = null;
  return (busy) => {
    clearTimeout(timer);
    root.setAttribute("aria-busy", String(Boolean(busy)));
    if (busy) timer = setTimeout(() => root.classList.add("waiting"), 200);
    else root.classList.remove("waiting");
  };
};

/* Delay a redraw while a button is pressed or a selection is open, so that the control is not replaced. */
const redrawWhenIdle = (root, draw) => {
  let isPressed = false;
  let retry = null;
  const isSelectOpen = CSS.supports("selector(:open)") ? () => root.querySelector("select:open") : () => null;
  const attempt = () => {
    clearTimeout(retry);
    if (isPressed || isSelectOpen()) retry = setTimeout(attempt, 50);
    else draw();
  };
  const press = () => {
    isPressed = true;
  };
  const release = () => {
    // The click event follows the release.
    setTimeout(() => {
      isPressed = false;
    });
  };
  root.addEventListener("pointerdown", press);
  window.addEventListener("pointerup", release);
  window.addEventListener("pointercancel", release);
  attempt.stop = () => {
    clearTimeout(retry);
    window.removeEventListener("pointerup", release);
    window.removeEventListener("pointercancel", release);
  };
  return attempt;
};

/* Return a value in which one change of JSON Patch was made; only the objects on its path are copied. */
const withChange = (value, path, change) => {
  if (!path.length) return change.value;
  const [name, ...rest] = path;
  const copy = Array.isArray(value) ? [...value] : { ...value };
  if (rest.length) copy[name] = withChange(value[name], rest, change);
  else if (!Array.isArray(copy) && change.op === "remove") delete copy[name];
  else if (!Array.isArray(copy) || change.op === "replace") copy[name] = change.value;
  else copy.splice(Number(name), change.op === "remove" ? 1 : 0, ...(change.op === "add" ? [change.value] : []));
  return copy;
};
const pathOf = (pointer) => pointer.split("/").slice(1).map((name) => name.replaceAll("~1", "/").replaceAll("~0", "~"));

/* Apply the changes that the kernel sends, also while nothing is displayed; ask for the whole view after a gap. */
const initialize = ({ model }) => {
  model.on("msg:custom", ({ do: what, number, changes }) => {
    if (what !== "change") return;
    const view = model.get("view");
    if (number === view.number + 1) {
      const changed = changes.reduce((value, change) => withChange(value, pathOf(change.path), change), view);
      model.set("view", { ...changed, number });
    } else if (number > view.number) model.send({ do: "resend", number: view.number });
  });
};

/* The root of a view: its `content` is drawn, and its `live` text is announced. `onCopy` receives what was copied. */
const createRoot = ({ model, el }, name, onCopy = (_words) => {}) => {
  // JupyterLab would otherwise handle the keys as shortcuts of its cells.
  const root = create(make("div", { class: name, "data-lm-suppress-shortcuts": "true" }, make("div")));
  const live = create(make("span", { class: "unseen", role: "status", "aria-live": "polite" }));
  const content = root.firstChild;
  root.append(live);
  el.append(root);
  let acknowledgement = null;
  const sendAction = (what, more = {}) => {
    model.send({ do: what, ...more });
    clearTimeout(acknowledgement);
    acknowledgement = setTimeout(() => root.isConnected && model.send({ do: "acknowledge" }), ACKNOWLEDGE_MILLISECONDS);
  };
  const announce = (text) => {
    live.textContent = text;
  };
  const copy = async (text, name) => {
    await copyText(text);
    announce(`Copied ${name}.`);
    onCopy(`Copied ${name}.`);
  };
  const copyButton = (words, text, name) => make("button", { onclick: () => copy(text, name), "data-key": words }, words);
  return { root, content, live, busy: busyIndicator(root), sendAction, announce, copy, copyButton };
};

/* Draw the kernel's view while it is displayed, and hide the snapshot that is saved with the notebook. `onResize` is called
   whenever the size of the root has changed. Return a function that draws it again, and one that ends all this. */
const attachView = (model, { root, busy }, drawNow, onResize) => {
  const draw = redrawWhenIdle(root, drawNow);
  const resize = new ResizeObserver(onResize);
  const view = Math.random().toString(36).slice(2);
  const hide = (hidden) => {
    for (const each of document.querySelectorAll(`[data-aero="${CSS.escape(model.get("mark"))}"]`)) {
      const output = /** @type {HTMLElement} */ (each.closest(".jp-OutputArea-child") ?? each);
      output.style.display = hidden ? "none" : "";
    }
  };
  const bye = () => model.send({ do: "bye", view });
  const gone = create(make("div", { class: "aero-gone", role: "alert" }, "The kernel was restarted. Run this cell again."));
  const followConnection = () =>
    // The widget manager marks the view first.
    setTimeout(() => {
      root.inert = root.closest(".jupyter-widgets-disconnected") !== null;
      if (root.inert) root.before(gone);
      else gone.remove();
    });
  model.on("comm_live_update", followConnection);
  model.on("change:view", draw);
  draw();
  hide(true);
  model.send({ do: "hello", view, number: model.get("view").number });
  window.addEventListener("pagehide", bye);
  resize.observe(root);
  const leave = () => {
    resize.disconnect();
    busy(false);
    window.removeEventListener("pagehide", bye);
    bye();
    model.off("change:view", draw);
    model.off("comm_live_update", followConnection);
    draw.stop();
    hide(false);
  };
  return { draw, leave };
};

