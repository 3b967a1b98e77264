// The dashboard: follows the server's events and shows them.

import { byId, setText, toast } from "./dom.js";
import { Refused, ask, follow, useToken } from "./stream.js";
import { refresh } from "./ladder.js";
import { setRole } from "./acts.js";
import { showBoards, showConferences, showEvent } from "./cards.js";
import { showLevels, silence } from "./members.js";

const AGAIN_MS = 2000;
let clock_behind_s = 0; // the server's clock against ours
let lastEvent = 0;

const now_s = () => Date.now() / 1000 + clock_behind_s;
let status = null;

function link(state, text) {
  byId("link").dataset.state = state;
  setText(byId("link"), text);
}

function showStatus(document_) {
  status = document_;
  clock_behind_s = status.server.time - Date.now() / 1000;
  byId("call").hidden = false;
  setText(byId("address"), status.server.conference);
  setText(byId("version"), status.server.version);
  const active = status.conferences.filter((row) => row.state === "active");
  const ready = status.boards.filter((row) => row.state === "ready");
  setText(byId("tile-conferences"), String(active.length));
  setText(byId("tile-participants"), String(status.participants.length));
  setText(byId("tile-boards"), `${ready.length} of ${status.boards.length}`);
  setText(byId("tile-legs"), String(ready.reduce((sum, row) => sum + row.legs_free, 0)));
  document.title = active.length ? `Parley (${active.length})` : "Parley";
  showConferences(status.conferences, now_s());
  showBoards(status.boards);
  refresh().catch(() => {});
}

function hear(kind, data) {
  if (kind === "status") showStatus(data);
  else if (kind === "levels") showLevels(data);
  else if (kind === "log" && data.number > lastEvent) {
    lastEvent = data.number;
    showEvent(data);
    refresh().catch(() => {});
  }
}

// Asks who we are and signs in if need be; returns when we may look on.
async function admitted() {
  for (;;) {
    const me = await ask("/v1/me").catch((error) => {
      if (error instanceof Refused && error.status === 401) return { role: "", token_needed: true };
      throw error;
    });
    setRole(me.role);
    if (me.role) return;
    link("lost", "signed out");
    await signIn();
  }
}

function signIn() {
  const dialog = byId("login");
  return new Promise((resolve) => {
    byId("login-form").onsubmit = async (event) => {
      event.preventDefault();
      useToken(byId("token").value.trim());
      try {
        await ask("/v1/me");
        setText(byId("login-fault"), "");
        dialog.close();
        resolve();
      } catch (error) {
        setText(byId("login-fault"), error.message);
      }
    };
    dialog.oncancel = (event) => event.preventDefault();
    if (!dialog.open) dialog.showModal();
  });
}

async function live() {
  for (;;) {
    try {
      await admitted();
      const missed = await ask(`/v1/log?after=${lastEvent}&limit=100`);
      if (missed.length === 0 && lastEvent) {
        const all = await ask("/v1/log?limit=1");
        if (all.length && all[0].number < lastEvent) lastEvent = 0; // another run of the server
      }
      for (const row of missed) hear("log", row);
      await follow("/v1/events?kinds=log,status,levels", hear, () => link("live", "live"));
    } catch (error) {
      if (error instanceof Refused && error.status !== 401) toast(error.message, true);
    }
    link("lost", "no connection, trying again");
    silence();
    await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
  }
}

byId("copy").onclick = async () => {
  await navigator.clipboard.writeText(byId("address").textContent).then(() => toast("Copied"), () => toast("The browser does not allow that", true));
};
setInterval(() => status && showConferences(status.conferences, now_s()), 5000);
live();
