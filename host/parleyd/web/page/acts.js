// Buttons, and what they have the server do.

import { make, toast } from "./dom.js";
import { ask } from "./stream.js";

export const may = { act: true }; // whether whoever looks on is allowed to

export function setRole(role) {
  may.act = role === "operator" || role === "admin";
}

// Does it, and says what went wrong, if anything; returns whether it was done. control keeps its focus meanwhile.
export async function act(control, path, method, done) {
  if (control.ariaBusy === "true") return false;
  control.ariaBusy = "true";
  try {
    await ask(path, method);
    toast(done);
    return true;
  } catch (error) {
    toast(error.message, true);
    return false;
  } finally {
    control.ariaBusy = "false";
  }
}

export const pathOf = (conference) => `/v1/conferences/${conference.id}`;

// label: for who cannot see what it belongs to.
export function button(text, label, run, danger = false) {
  const made = make("button", { type: "button", className: danger ? "small danger" : "small", textContent: text });
  made.ariaLabel = label;
  made.onclick = () => run(made);
  return made;
}
