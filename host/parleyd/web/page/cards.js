// The cards of conferences and boards, the table of allocations, the event log.

import { act, button, may, pathOf } from "./acts.js";
import { age, byId, confirm, make, setText, shortUri, sync, toast } from "./dom.js";
import { createMember, updateMember } from "./members.js";
import { deafTo } from "./sound.js";
import { showLadder } from "./ladder.js";

const TONES = { ready: "good", active: "good", lost: "bad", draining: "warn", degraded: "warn", booting: "warn", offered: "warn" };
const EVENTS_SHOWN = 200;

function createConference(conference) {
  const card = make("article", { className: "card", "aria-label": `Conference ${conference.id}` });
  const state = make("span", { className: "pill" });
  const locked = make("span", { className: "pill", "data-tone": "warn", textContent: "locked" });
  const since = make("span", { className: "quiet push" });
  const head = make("div", { className: "card-head" }, make("h3", { textContent: conference.id }), state, locked, since);
  const facts = make("p", { className: "quiet" });
  const members = make("ul", { className: "members" });
  const ladder = button("Messages", `Messages of ${conference.id}`, () => showLadder(conference.id).catch((error) => toast(error.message, true)));
  const lock = button("Lock", `Lock ${conference.id}`, (pressed) => {
    const isLocked = !locked.hidden;
    return act(pressed, `${pathOf(conference)}/${isLocked ? "unlock" : "lock"}`, "POST", isLocked ? "Open to whoever has the address" : "Nobody else gets in");
  });
  lock.dataset.act = "lock";
  const end = button("End", `End ${conference.id}`, async (pressed) => {
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
  const members = conference.members, deaf = deafTo(members);
  sync(parts.members, members, (member) => member.number, (member) => createMember(member, conference), (item, member) => updateMember(item, member, members, deaf));
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
  const drain = button("Drain", `Drain ${board.board_id}`, async (pressed) => {
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
