// A participant's sound: how loud everybody hears him, and whom he hears. Made when it is opened first.

import { act, button, may, pathOf } from "./acts.js";
import { make, setText, shortUri, sync } from "./dom.js";

const LEAST_DB = -24, MOST_DB = 24; // as the slider has it; the API goes down to -40
const OURS_FOR_MS = 2000; // until a board's report follows, the slider stays where it was put

// To a whole dB: what a slider can say.
export function decibel(db) {
  const whole = Math.round(db);
  return whole > 0 ? `+${whole} dB` : whole < 0 ? `\u2212${-whole} dB` : "0 dB";
}

export const loudness = (member) => (member.gain_auto ? `auto ${decibel(member.gain_db)}` : decibel(member.gain_db));

// {number of a participant: [names of those who do not hear him]}
export function deafTo(members) {
  const found = new Map();
  for (const listener of members)
    for (const number of listener.unheard) found.set(number, [...(found.get(number) || []), shortUri(listener.uri)]);
  return found;
}

const few = (names) => (names.length > 3 ? `${names.slice(0, 3).join(", ")} and ${names.length - 3} more` : names.join(", "));

// What of this is out of the ordinary, in words.
export function hearing(member, members, deaf) {
  const names = new Map(member.unheard.length ? members.map((other) => [other.number, shortUri(other.uri)]) : []);
  const unheard = member.unheard.map((number) => names.get(number)).filter(Boolean);
  const words = [unheard.length && `does not hear ${few(unheard)}`, deaf.has(member.number) && `not heard by ${few(deaf.get(member.number))}`];
  return words.filter(Boolean).join("; ");
}

// Has the board told the last gain that was wanted; of those wanted meanwhile only the last is asked for.
async function tell(sound, db) {
  sound.wanted = db;
  if (sound.slider.ariaBusy === "true") return;
  while (sound.wanted !== null) {
    const next = sound.wanted;
    sound.wanted = null;
    if (!(await act(sound.slider, `${sound.path}/gain?db=${next}`, "POST", `Everybody hears ${sound.name} at ${decibel(next)}`))) {
      sound.wanted = null;
      sound.ours_until = 0;
    }
  }
}

function put(sound, db) {
  sound.ours_until = performance.now() + OURS_FOR_MS;
  sound.slider.value = db;
  showGain(sound, false, db);
  tell(sound, Number(sound.slider.value));
}

function showGain(sound, isAutomatic, db) {
  setText(sound.told, decibel(db));
  sound.slider.setAttribute("aria-valuetext", decibel(db));
  sound.automatic.setAttribute("aria-pressed", isAutomatic);
}

function createGain(sound) {
  const { name, path } = sound;
  sound.told = make("output", { className: "number" });
  sound.slider = make("input", { type: "range", min: LEAST_DB, max: MOST_DB, step: 1, "aria-label": `Gain of ${name}` });
  sound.slider.oninput = () => {
    sound.ours_until = performance.now() + OURS_FOR_MS;
    showGain(sound, false, Number(sound.slider.value));
  };
  sound.slider.onchange = () => put(sound, sound.slider.value);
  sound.plain = button("0 dB", `0 dB for ${name}`, () => put(sound, 0));
  sound.automatic = button("Automatic", `Automatic gain of ${name}`, (pressed) => {
    sound.ours_until = 0;
    if (pressed.getAttribute("aria-pressed") === "true") put(sound, Math.round(sound.db)); // as loud as he is now
    else act(pressed, `${path}/gain/auto`, "POST", `${name} is brought to the others' level`);
  });
  return make("div", { className: "gain" }, make("span", { className: "title", textContent: "Gain" }), sound.slider, sound.told, make("div", { className: "row" }, sound.plain, sound.automatic));
}

export function createSound(member, conference) {
  const sound = make("div", { className: "sound", role: "group" });
  sound.name = shortUri(member.uri);
  sound.path = `${pathOf(conference)}/participants/${member.number}`;
  sound.ariaLabel = `Sound of ${sound.name}`;
  sound.wanted = null;
  sound.ours_until = 0;
  sound.others = make("div", { className: "others" });
  sound.hears = make("div", { className: "hears", role: "group", "aria-label": `Whom ${sound.name} hears` }, make("span", { className: "title", textContent: "Hears" }), sound.others);
  sound.append(createGain(sound), sound.hears);
  return sound;
}

function createOther(sound, other) {
  const name = shortUri(other.uri);
  const box = make("input", { type: "checkbox" });
  box.onchange = async () => {
    const word = box.checked ? "hear" : "unhear";
    const done = `${sound.name} ${box.checked ? "hears" : "does not hear"} ${name} now`;
    box.ours_until = performance.now() + OURS_FOR_MS;
    if (await act(box, `${sound.path}/${word}/${other.number}`, "POST", done)) return;
    box.checked = !box.checked;
  };
  const row = make("label", {}, box, name);
  row.box = box;
  return row;
}

export function updateSound(sound, member, members) {
  sound.db = member.gain_db;
  if (performance.now() >= sound.ours_until && !sound.slider.matches(":active")) {
    sound.slider.value = member.gain_db;
    showGain(sound, member.gain_auto, member.gain_db);
  }
  for (const control of [sound.slider, sound.plain, sound.automatic]) control.disabled = !may.act;
  const others = members.filter((other) => other.number !== member.number);
  sync(sound.others, others, (other) => other.number, (other) => createOther(sound, other), (row, other) => {
    if (performance.now() >= (row.box.ours_until || 0)) row.box.checked = !member.unheard.includes(other.number);
    row.box.disabled = !may.act;
  });
  sound.hears.hidden = others.length === 0;
}
