/* What every widget of this package needs. It stands before each of their modules: an anywidget module has no other to
   import from. Texts become text nodes, never markup. */

const fill = (node, attributes, children) => {
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) node[key] = value;
    else if (value === true) node.setAttribute(key, "");
    else if (value !== false && value !== null && value !== undefined) node.setAttribute(key, value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
};
const make = (name, attributes = {}, ...children) => fill(document.createElement(name), attributes, children);

const copyText = async (text) => {
  if (navigator.clipboard) {
    try {
      return await navigator.clipboard.writeText(text);
    } catch {
      // The browser may refuse it here; the older way below needs no permission.
    }
  }
  const area = make("textarea");
  area.value = text;
  document.body.append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
};

const markedText = (text, marked) => {
  const strong = new Set(marked ?? []);
  const lines = text.split("\n");
  return make(
    "pre",
    { tabindex: 0 },
    ...lines.map((line, at) => make(strong.has(at) ? "mark" : "span", {}, at < lines.length - 1 ? `${line}\n` : line))
  );
};

const busyness = (root) => {
  let waiting = null;
  return (busy) => {
    clearTimeout(waiting);
    root.setAttribute("aria-busy", String(Boolean(busy)));
    if (busy) waiting = setTimeout(() => root.classList.add("waiting"), 200);
    else root.classList.remove("waiting");
  };
};

/* What somebody is pressing, or choosing from, is not taken away under their hand: it is drawn when they are done. */
const gently = (root, draw) => {
  let pressed = false;
  let late = null;
  const choosing = CSS.supports("selector(:open)") ? () => root.querySelector("select:open") : () => null;
  const attempt = () => {
    clearTimeout(late);
    if (pressed || choosing()) late = setTimeout(attempt, 50);
    else draw();
  };
  const press = () => {
    pressed = true;
  };
  const release = () => {
    // The click comes after the release.
    setTimeout(() => {
      pressed = false;
    });
  };
  root.addEventListener("pointerdown", press);
  window.addEventListener("pointerup", release);
  window.addEventListener("pointercancel", release);
  attempt.stop = () => {
    clearTimeout(late);
    window.removeEventListener("pointerup", release);
    window.removeEventListener("pointercancel", release);
  };
  return attempt;
};

/* Draw what the kernel describes while somebody looks, in place of what is saved with the notebook. */
const living = (model, draw) => {
  const view = Math.random().toString(36).slice(2);
  const hide = (hidden) => {
    for (const each of document.querySelectorAll(`[data-aero="${CSS.escape(model.get("mark"))}"]`)) {
      const output = each.closest(".jp-OutputArea-child") ?? each;
      output.style.display = hidden ? "none" : "";
    }
  };
  const bye = () => model.send({ do: "bye", view });
  model.on("change:view", draw);
  draw();
  hide(true);
  model.send({ do: "hello", view });
  window.addEventListener("pagehide", bye);
  return () => {
    window.removeEventListener("pagehide", bye);
    bye();
    model.off("change:view", draw);
    draw.stop();
    hide(false);
  };
};

