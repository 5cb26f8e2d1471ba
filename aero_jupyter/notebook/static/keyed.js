/* Redraw by a keyed difference: an element that the new drawing has too is kept, with its focus, its selection, its scroll
   position and what its user has typed or unfolded. An element is known by its name and its `data-key` among its siblings,
   and without a key by their order. Texts become text nodes, never markup. */

const SVG = "http://www.w3.org/2000/svg";

/**
 * @typedef {{name: string, attributes: Record<string, any>, children: Child[]}} Drawn
 * @typedef {Drawn | string | null | undefined} Child
 */

/**
 * Describe an element. Attributes named `on…` are handlers; `hook` receives the element when it is created.
 * @param {string} name
 * @param {Record<string, any>} attributes
 * @param {...Child} children
 * @returns {Drawn}
 */
const make = (name, attributes = {}, ...children) => ({ name, attributes, children });

/* What was last drawn in each element. */
const drawnAs = /** @type {WeakMap<Node, Drawn>} */ (new WeakMap());

const identity = (child) => (typeof child === "string" ? "#text" : `${child.name} ${child.attributes["data-key"] ?? ""}`);

/* Return a new element; `parent` tells HTML from SVG. */
const create = (child, parent) => {
  if (typeof child === "string") return document.createTextNode(child);
  const isSvg = child.name === "svg" || parent?.namespaceURI === SVG;
  const element = isSvg ? document.createElementNS(SVG, child.name) : document.createElement(child.name);
  update(element, child);
  child.attributes.hook?.(element);
  return element;
};

/* Draw the children of an element. */
const redraw = (element, children) => {
  const wanted = children.filter((child) => child !== null && child !== undefined);
  const kept = /** @type {Map<string, Node[]>} */ (new Map());
  for (const node of element.childNodes) {
    const name = node.nodeType === Node.TEXT_NODE ? "#text" : drawnAs.has(node) ? identity(drawnAs.get(node)) : "";
    kept.set(name, [...(kept.get(name) ?? []), node]);
  }
  const nodes = wanted.map((child) => {
    const node = kept.get(identity(child))?.shift();
    if (node) update(node, child);
    return node ?? create(child, element);
  });
  for (const node of [...kept.values()].flat()) element.removeChild(node);
  arrange(element, nodes);
};

/* Put the children of an element in order. The one that has the focus stays where it is: moving it would take the focus. */
const arrange = (element, nodes) => {
  let at = element.firstChild;
  for (const node of nodes) {
    if (node !== at && node.parentNode === element && node.contains(document.activeElement)) {
      while (at !== node) {
        const next = at.nextSibling;
        element.append(at);
        at = next;
      }
    }
    if (node === at) at = at.nextSibling;
    else element.insertBefore(node, at);
  }
};

/* Bring a node up to its description. */
const update = (node, wanted) => {
  if (typeof wanted === "string") {
    if (node.data !== wanted) node.data = wanted;
    return;
  }
  const before = drawnAs.get(node)?.attributes ?? {};
  drawnAs.set(node, wanted);
  for (const name of Object.keys(before)) if (!(name in wanted.attributes)) setAttribute(node, name, null, before[name]);
  redraw(node, wanted.children);
  // The value of a select needs its options.
  for (const [name, value] of Object.entries(wanted.attributes)) setAttribute(node, name, value, before[name]);
};

const setAttribute = (node, name, value, before) => {
  const isText = node.localName === "input" || node.localName === "textarea";
  if (name === "hook") return;
  // What a handler returns does not cancel the event.
  if (name.startsWith("on")) node[name] = value ? (event) => void value(event) : null;
  else if (["checked", "indeterminate", "selected"].includes(name)) node[name] = Boolean(value);
  else if (name === "value" && (isText || node.localName === "select")) {
    // What its user is typing stays.
    const isEdited = isText && node === document.activeElement && node.value !== String(before ?? "");
    if (!isEdited && node.value !== String(value ?? "")) node.value = value ?? "";
  } else if (name === "open") {
    // What its user has unfolded stays.
    if (value !== before) node.open = Boolean(value);
  } else if (value === null || value === undefined || value === false) node.removeAttribute(name);
  else {
    const text = value === true ? "" : String(value);
    if (node.getAttribute(name) !== text) node.setAttribute(name, text);
  }
};
