/* The module of every view: a panel is a tree, a table with pages has columns. */

const render = (context) => (context.model.get("view").is === "panel" ? renderPanel : renderTable)(context);

export default { initialize, render };
