// The cards of conferences and boards, the table of allocations, the event log.

import { age, byId, confirm, make, setText, shortUri, sync, toast } from "./dom.js";
import { ask } from "./stream.js";
import { showLadder } from "./ladder.js";

const FLOOR_DBOV = 60; // the bar's left end
const TONES = { ready: "good", active: "good", lost: "bad", draining: "warn", degraded: "warn", booting: "warn", offered: "warn" };
const EVENTS_SHOWN = 200;
const may = { act: true };

export function setRole(role) {
  may.act = role === "operator" || role === "admin";
}

// Does it, and says what went wrong, if anything.
async function act(button, path, method, done) {
  button.disabled = true;
  try {
    await ask(path, method);
    toast(done);
  } catch (error) {
    toast(error.message, true);
  } finally {
    button.disabled = false;
  }
}

const pathOf = (conference) => `/v1/conferences/${conference.id}`;

function button(text, label, pressed, run, danger = false) {
  const facts = { type: "button", className: danger ? "small danger" : "small", textContent: text };
  const made = make("button", facts);
  made.setAttribute("aria-label", label);
  made.onclick = () => run(made);
  return made;
}

function createMember(member, conference) {
  const path = `${pathOf(conference)}/participants/${member.number}`;
  const name = shortUri(member.uri);
  const item = make("li", { className: "member" });
  const who = make("span", { className: "who", title: member.uri }, name, make("small"));
  const bar = make("i");
  const level = make("div", { className: "level", role: "meter", "aria-label": `Level of ${name}`, "aria-valuemin": -127, "aria-valuemax": 0 }, bar);
  const mute = button("Mute", `Mute ${name}`, false, (pressed) => {
    const muted = item.classList.contains("muted");
    return act(pressed, `${path}/${muted ? "unmute" : "mute"}`, "POST", muted ? `${name} is heard again` : `Nobody hears ${name} now`);
  });
  mute.dataset.act = "mute";
  const kick = button("Put out", `Put ${name} out`, false, async (pressed) => {
    if (await confirm(`Put ${name} out?`, "The call is hung up. Whoever has the address may call again unless the conference is locked.", "Put out"))
      act(pressed, path, "DELETE", `${name} was put out`);
  }, true);
  kick.dataset.act = "kick";
  item.append(who, level, make("div", { className: "row" }, mute, kick));
  showLevel(item, 127);
  return item;
}

function updateMember(item, member) {
  item.classList.toggle("muted", member.muted);
  const words = [member.muted && "muted", member.muted_self && "muted himself", member.hand && "hand raised"];
  setText(item.querySelector("small"), words.filter(Boolean).join(", "));
  const mute = item.querySelector("[data-act=mute]");
  setText(mute, member.muted ? "Unmute" : "Mute");
  mute.setAttribute("aria-pressed", member.muted);
  item.querySelector(".row").hidden = !may.act;
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
      const item = list && list.querySelector(`[data-key="${number}"]`);
      if (item) showLevel(item, level);
    }
  }
}

export function silence() {
  for (const item of document.querySelectorAll(".member")) showLevel(item, 127);
}

function createConference(conference) {
  const card = make("article", { className: "card", "aria-label": `Conference ${conference.id}` });
  const state = make("span", { className: "pill" });
  const locked = make("span", { className: "pill", "data-tone": "warn", textContent: "locked" });
  const since = make("span", { className: "quiet push" });
  const head = make("div", { className: "card-head" }, make("h3", { textContent: conference.id }), state, locked, since);
  const facts = make("p", { className: "quiet" });
  const members = make("ul", { className: "members" });
  const ladder = button("Messages", `Messages of ${conference.id}`, false, () => showLadder(conference.id).catch((error) => toast(error.message, true)));
  const lock = button("Lock", `Lock ${conference.id}`, false, (pressed) => {
    const isLocked = !locked.hidden;
    return act(pressed, `${pathOf(conference)}/${isLocked ? "unlock" : "lock"}`, "POST", isLocked ? "Open to whoever has the address" : "Nobody else gets in");
  });
  lock.dataset.act = "lock";
  const end = button("End", `End ${conference.id}`, false, async (pressed) => {
    if (await confirm(`End ${conference.id}?`, "Everybody is hung up on, and the address is void.", "End it"))
      act(pressed, pathOf(conference), "DELETE", `${conference.id} was ended`);
  }, true);
  end.dataset.act = "end";
  const actions = make("div", { className: "row actions" }, ladder, lock, end);
  card.append(head, facts, members, actions);
  card.parts = { state, locked, since, facts, members, lock, end };
  return card;
}

function updateConference(card, conference, now_s) {
  const parts = card.parts;
  setText(parts.state, conference.state);
  parts.state.dataset.tone = TONES[conference.state] || "";
  parts.locked.hidden = !conference.locked;
  setText(parts.since, age(now_s - conference.since));
  const asker = conference.asked_by ? `, asked for by ${shortUri(conference.asked_by)}` : "";
  setText(parts.facts, conference.state === "offered"
    ? `Address given out${asker}; waits for its first call`
    : `${conference.members.length} of ${conference.size} legs${asker}`);
  sync(parts.members, conference.members, (member) => member.number, (member) => createMember(member, conference), updateMember);
  parts.lock.hidden = !may.act || conference.state === "offered";
  setText(parts.lock, conference.locked ? "Unlock" : "Lock");
  parts.lock.setAttribute("aria-pressed", conference.locked);
  parts.end.hidden = !may.act;
}

export function showConferences(conferences, now_s) {
  sync(byId("conference-list"), conferences, (row) => row.id, createConference, (card, row) => updateConference(card, row, now_s));
  byId("no-conference").hidden = conferences.length > 0;
  const rows = [...conferences].sort((a, b) => b.since - a.since);
  sync(byId("allocation-list"), rows, (row) => row.id, createAllocation, (line, row) => updateAllocation(line, row, now_s));
  byId("no-allocation").hidden = conferences.length > 0;
  byId("allocation-list").closest(".scroll").hidden = conferences.length === 0;
}

function createAllocation(row) {
  return make("tr", { title: row.address }, make("td", { textContent: row.id }), make("td"), make("td", { className: "number" }), make("td", { className: "wrap" }), make("td", { className: "number" }));
}

function updateAllocation(line, row, now_s) {
  const cells = [row.id, row.state, String(row.size), row.asked_by ? shortUri(row.asked_by) : "-", age(now_s - row.since)];
  cells.forEach((text, index) => setText(line.children[index], text));
}

function createBoard(board) {
  const card = make("article", { className: "card", "aria-label": `Board ${board.board_id}` });
  const state = make("span", { className: "pill" });
  const drain = button("Drain", `Drain ${board.board_id}`, false, async (pressed) => {
    const draining = card.parts.row.draining;
    if (draining || (await confirm(`Drain ${board.board_id}?`, "It gets no new conferences; those it has go on.", "Drain")))
      act(pressed, `/v1/boards/${board.board_id}/${draining ? "undrain" : "drain"}`, "POST", draining ? `${board.board_id} is back` : `${board.board_id} drains`);
  });
  drain.dataset.act = "drain";
  drain.classList.add("push");
  const reason = make("p", { className: "reason" });
  const connected = make("span", { className: "connected" }), reserved = make("span", { className: "reserved" });
  const bar = make("div", { className: "bar", role: "meter", "aria-valuemin": 0, "aria-label": `Legs of ${board.board_id}` }, connected, reserved);
  const legs = make("p"), facts = make("p");
  card.append(make("div", { className: "card-head" }, make("h3", { textContent: board.board_id }), state, drain), reason, make("div", { className: "load" }, bar, legs, facts));
  card.parts = { state, drain, reason, connected, reserved, bar, legs, facts, row: board };
  return card;
}

function updateBoard(card, board) {
  const parts = card.parts;
  parts.row = board;
  setText(parts.state, board.state);
  parts.state.dataset.tone = TONES[board.state] || "";
  parts.drain.hidden = !may.act;
  setText(parts.drain, board.draining ? "Undrain" : "Drain");
  parts.drain.setAttribute("aria-pressed", board.draining);
  setText(parts.reason, board.reason);
  parts.reason.hidden = !board.reason;
  const share = (legs) => `${board.legs ? (100 * legs) / board.legs : 0}%`;
  parts.connected.style.width = share(board.connected);
  parts.reserved.style.width = share(Math.max(0, board.legs_used - board.connected));
  parts.bar.setAttribute("aria-valuemax", board.legs);
  parts.bar.setAttribute("aria-valuenow", board.legs_used);
  setText(parts.legs, board.registered ? `${board.connected} connected, ${board.legs_used} of ${board.legs} legs reserved` : "not registered");
  const late = board.stats.late_ticks ? `, ${board.stats.late_ticks} late ticks` : "";
  const firmware = board.firmware ? `firmware ${board.firmware}${board.image ? " " + board.image.slice(0, 8) : ""}, ` : "";
  setText(parts.facts, board.registered ? `${board.address}, ${firmware}up ${age(board.registered_for_s)}${late}` : board.address);
}

export function showBoards(boards) {
  sync(byId("board-list"), boards, (row) => row.board_id, createBoard, updateBoard);
  byId("no-board").hidden = boards.length > 0;
}

const PLAIN = ["number", "time", "level", "event", "conference"];
const UNNAMED = ["order", "state"]; // what they hold tells what it is

export function showEvent(row) {
  const list = byId("event-list");
  const at = new Date(row.time * 1000);
  const told = ([name, value]) => `${UNNAMED.includes(name) ? "" : `${name} `}${Array.isArray(value) ? value.join(" ") : value}`;
  const details = Object.entries(row).filter(([name]) => !PLAIN.includes(name)).map(told);
  const text = make("span", { textContent: `${row.event} ` });
  if (row.conference) {
    const link = make("button", { type: "button", className: "plain", textContent: row.conference, title: "Show its messages" });
    link.onclick = () => showLadder(row.conference).catch((error) => toast(error.message, true));
    text.append(link, " ");
  }
  text.append(make("span", { className: "quiet", textContent: details.join(", ") }));
  const item = make("li", { "data-level": row.level }, make("time", { dateTime: at.toISOString(), textContent: at.toTimeString().slice(0, 8) }), text);
  list.prepend(item);
  while (list.children.length > EVENTS_SHOWN) list.lastElementChild.remove();
}
