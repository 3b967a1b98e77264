// The ladder diagram of a conference: who sent what to whom, as the server and the board know it.

import { ask } from "./stream.js";
import { byId, setText, shortUri } from "./dom.js";

const SVG = "http://www.w3.org/2000/svg";
const ROW = 34, TOP = 58, LEFT = 74;

function draw(tag, facts, text) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(facts)) element.setAttribute(name, value);
  if (text !== undefined) element.textContent = text;
  return element;
}

// Phones in the order in which they turn up, then the board; the server stands after the first phone.
export function lanesOf(messages, board) {
  const phones = [];
  for (const message of messages)
    for (const end of [message.from, message.to])
      if (end !== "server" && end !== board && !phones.includes(end)) phones.push(end);
  return [...phones.slice(0, 1), "server", board, ...phones.slice(1)];
}

export function drawing(messages, board) {
  const lanes = lanesOf(messages, board);
  const LANE = lanes.length > 4 ? 158 : 190;
  const width = LEFT + LANE * lanes.length, height = TOP + ROW * messages.length + 24;
  const svg = draw("svg", { class: "ladder", width, height, viewBox: `0 0 ${width} ${height}`, role: "img" });
  svg.append(draw("title", {}, `${messages.length} messages between ${lanes.map(shortUri).join(", ")}`));
  const x = (name) => LEFT + LANE * (lanes.indexOf(name) + 0.5);
  for (const name of lanes) {
    svg.append(draw("line", { class: "lane", x1: x(name), x2: x(name), y1: 34, y2: height - 8 }));
    svg.append(draw("rect", { class: "head", x: x(name) - LANE / 2 + 8, y: 6, width: LANE - 16, height: 28, rx: 8 }));
    const label = shortUri(name);
    const text = draw("text", { class: "head-text", x: x(name), y: 25, "text-anchor": "middle" }, label.length > LANE / 9 ? label.slice(0, LANE / 9 - 1) + "…" : label);
    text.append(draw("title", {}, name));
    svg.append(text);
  }
  messages.forEach((message, index) => {
    const y = TOP + ROW * index + 14, from = x(message.from), to = x(message.to), way = to > from ? 1 : -1;
    const group = draw("g", { class: /^[4-6]\d\d /.test(message.text) ? "refused" : "" });
    const offset_ms = Math.round(1000 * (message.time - messages[0].time));
    group.append(draw("text", { class: "time", x: LEFT - 10, y: y + 4, "text-anchor": "end" }, offset_ms < 10000 ? `${offset_ms} ms` : `${Math.round(offset_ms / 1000)} s`));
    group.append(draw("line", { class: "arrow", x1: from, x2: to - 8 * way, y1: y, y2: y }));
    group.append(draw("path", { class: "tip", d: `M${to} ${y}l${-9 * way} -5v10z` }));
    group.append(draw("text", { class: "halo", x: (from + to) / 2, y: y - 6, "text-anchor": "middle" }, message.text));
    svg.append(group);
  });
  return svg;
}

let open = "", known = 0;

// Draws again while the diagram is open and something has been added.
export async function refresh() {
  if (!byId("ladder").open || !open) return;
  const messages = await ask(`/v1/conferences/${open}/ladder`);
  if (messages.length !== known) {
    known = messages.length;
    byId("ladder-drawing").replaceChildren(drawing(messages, open.split("/")[0]));
  }
}

export async function showLadder(conference) {
  const messages = await ask(`/v1/conferences/${conference}/ladder`);
  open = conference;
  known = messages.length;
  setText(byId("ladder-title"), `Messages of ${conference}`);
  setText(byId("ladder-note"), "As the server and the board tell it; what phones say to each other passes neither. A board's times are good to some 10 ms.");
  byId("ladder-drawing").replaceChildren(drawing(messages, conference.split("/")[0]));
  byId("ladder").showModal();
}
