// One participant of a conference: his level, and what may be done about him.

import { act, button, may, pathOf } from "./acts.js";
import { createSound, hearing, loudness, updateSound } from "./sound.js";
import { byId, confirm, make, setText, shortUri } from "./dom.js";

const FLOOR_DBOV = 60; // the bar's left end

export function createMember(member, conference) {
  const path = `${pathOf(conference)}/participants/${member.number}`;
  const name = shortUri(member.uri);
  const item = make("li", { className: "member" });
  const who = make("span", { className: "who", title: member.uri }, name, make("small"));
  const bar = make("i");
  const level = make("div", { className: "level", role: "meter", "aria-label": `Level of ${name}`, "aria-valuemin": -127, "aria-valuemax": 0 }, bar);
  const gain = button("", "", () => openSound(item));
  gain.setAttribute("aria-expanded", "false");
  const mute = button("Mute", `Mute ${name}`, (pressed) => {
    const muted = item.classList.contains("muted");
    return act(pressed, `${path}/${muted ? "unmute" : "mute"}`, "POST", muted ? `${name} is heard again` : `Nobody hears ${name} now`);
  });
  const kick = button("Put out", `Put ${name} out`, async (pressed) => {
    if (await confirm(`Put ${name} out?`, "The call is hung up. Whoever has the address may call again unless the conference is locked.", "Put out"))
      act(pressed, path, "DELETE", `${name} was put out`);
  }, true);
  const hears = make("span", { className: "hearing quiet" });
  item.append(who, level, make("div", { className: "row" }, gain, mute, kick), hears);
  item.parts = { words: who.lastChild, gain, mute, kick, hears, sound: null, conference };
  showLevel(item, 127);
  return item;
}

function openSound(item) {
  const parts = item.parts;
  const open = parts.sound === null;
  parts.gain.setAttribute("aria-expanded", open);
  if (open) {
    parts.sound = createSound(parts.member, parts.conference);
    item.append(parts.sound);
    updateSound(parts.sound, parts.member, parts.members);
  } else {
    parts.sound.remove();
    parts.sound = null;
  }
}

// members: all of his conference; deaf: deafTo() of them.
export function updateMember(item, member, members, deaf) {
  const parts = item.parts;
  parts.member = member;
  parts.members = members;
  item.classList.toggle("muted", member.muted);
  const words = [member.muted && "muted", member.muted_self && "muted himself", member.hand && "hand raised"];
  setText(parts.words, words.filter(Boolean).join(", "));
  setText(parts.hears, hearing(member, members, deaf));
  setText(parts.gain, loudness(member));
  parts.gain.ariaLabel = `Sound of ${shortUri(member.uri)}: ${loudness(member)}`;
  setText(parts.mute, member.muted ? "Unmute" : "Mute");
  parts.mute.setAttribute("aria-pressed", member.muted);
  parts.mute.hidden = parts.kick.hidden = !may.act;
  if (parts.sound) updateSound(parts.sound, member, members);
}

function showLevel(item, level) {
  const share = Math.max(0, 1 - level / FLOOR_DBOV); // the bar covers what is not reached
  item.querySelector("i").style.transform = `scaleX(${(1 - share).toFixed(3)})`;
  const meter = item.querySelector(".level");
  meter.setAttribute("aria-valuenow", -level);
  meter.setAttribute("aria-valuetext", level >= 127 ? "silent" : `${-level} dBov`);
}

// levels: {conference: {participant: level}}, 0 loudest, 127 silence.
export function showLevels(levels) {
  for (const [conference, members] of Object.entries(levels)) {
    const list = byId("conference-list").querySelector(`[data-key="${CSS.escape(conference)}"] .members`);
    for (const [number, level] of Object.entries(members)) {
      const item = list && list.querySelector(`:scope > [data-key="${number}"]`);
      if (item) showLevel(item, level);
    }
  }
}

export function silence() {
  for (const item of document.querySelectorAll(".member")) showLevel(item, 127);
}
