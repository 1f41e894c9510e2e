// SPDX-License-Identifier: Apache-2.0
// Elements from plain values. Text always becomes a text node: no name and no level is ever read as HTML.

const svgSpace = "http://www.w3.org/2000/svg";

// Options stay whole at the end of a line: browsers break behind hyphens.
function words(text) {
  return text.split(/(--[a-z][a-z-]*)/).map((part, k) => k % 2 === 1 ? el("span", {class: "option"}, part) : part);
}

function fill(node, attributes, children) {
  for (const [key, value] of Object.entries(attributes ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else if (key === "text") node.replaceChildren(...(node.namespaceURI === svgSpace ? [value] : words(String(value))));
    else if (key in node && typeof value === "boolean") node[key] = value;
    else node.setAttribute(key, value);
  }
  for (const child of children.flat()) {
    if (child === null || child === undefined) continue;
    node.append(child);
  }
  return node;
}

export function el(tag, attributes, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

export function svg(tag, attributes, ...children) {
  return fill(document.createElementNS(svgSpace, tag), attributes, children);
}

let count = 0;
export function freshId(stem) {
  return `${stem}-${++count}`;
}

/// A table: `head` texts, `rows` of texts; the first column is a row header.
export function table(head, rows, attributes) {
  return el("div", {class: "scroll", tabindex: "0", role: "region", "aria-label": attributes?.label ?? "table"},
    el("table", attributes?.id ? {id: attributes.id} : {},
      el("thead", {}, el("tr", {}, head.map(text => el("th", {scope: "col", text})))),
      el("tbody", {}, rows.map(cells => el("tr", {}, cells.map((text, k) => k === 0 ? el("th", {scope: "row", text}) : el("td", {text})))))));
}

export function labelled(text, control, note) {
  return el("label", {class: "field"}, el("span", {text}), control, note);
}
