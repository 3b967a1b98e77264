// Small helpers over the DOM. What is on the page is changed in place, so that focus stays where it is.

export const byId = (id) => document.getElementById(id);

// An element with properties, attributes (names with "-" or "role") and children; strings become text.
export function make(tag, facts = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(facts)) {
    if (name.includes("-") || name === "role" || name === "scope") element.setAttribute(name, value);
    else element[name] = value;
  }
  element.append(...children);
  return element;
}

export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

// Makes `parent` hold one element for each row, in order: create(row) once, update(element, row) each time.
export function sync(parent, rows, keyOf, create, update) {
  const present = new Map([...parent.children].map((element) => [element.dataset.key, element]));
  let before = parent.firstElementChild;
  for (const row of rows) {
    const key = String(keyOf(row));
    let element = present.get(key);
    if (element) present.delete(key);
    else {
      element = create(row);
      element.dataset.key = key;
    }
    if (element === before) before = before.nextElementSibling;
    else parent.insertBefore(element, before);
    update(element, row);
  }
  for (const element of present.values()) element.remove();
}

export function age(seconds) {
  const s = Math.max(0, Math.floor(seconds));
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min`;
  if (s < 86400) return `${Math.floor(s / 3600)} h`;
  return `${Math.floor(s / 86400)} d`;
}

// A SIP URI as people say it: the user at the host; the whole is in the title.
export function shortUri(uri) {
  const plain = uri.replace(/^sips?:/, "").replace(/[;?].*$/, "");
  return plain || uri;
}

let fading;
export function toast(text, bad = false) {
  const box = byId("toast");
  box.textContent = text;
  box.className = bad ? "toast shown bad" : "toast shown";
  clearTimeout(fading);
  fading = setTimeout(() => (box.className = "toast"), bad ? 6000 : 2500);
}

// Asks before something that cannot be taken back; resolves to whether it was confirmed.
export function confirm(title, text, yes) {
  const dialog = byId("confirm");
  setText(byId("confirm-title"), title);
  setText(byId("confirm-text"), text);
  setText(byId("confirm-yes"), yes);
  return new Promise((resolve) => {
    const answer = (value) => () => {
      dialog.close(value);
    };
    byId("confirm-yes").onclick = answer("yes");
    byId("confirm-no").onclick = answer("no");
    dialog.onclose = () => resolve(dialog.returnValue === "yes");
    dialog.returnValue = "no";
    dialog.showModal();
    byId("confirm-no").focus();
  });
}
