// The API and its events stream, with the token in a header (an EventSource could not send one).

let token = sessionStorage.getItem("parley-token") || "";

export function useToken(given) {
  token = given;
  sessionStorage.setItem("parley-token", given);
}

function headers() {
  return token ? { Authorization: `Bearer ${token}` } : {};
}

export class Refused extends Error {
  constructor(status, detail) {
    super(detail);
    this.status = status;
  }
}

async function checked(answer) {
  if (answer.ok) return answer;
  const problem = await answer.json().catch(() => ({ detail: answer.statusText }));
  throw new Refused(answer.status, problem.detail);
}

export async function ask(path, method = "GET") {
  const answer = await checked(await fetch(path, { method, headers: headers() }));
  return answer.json();
}

// Calls hear(kind, data) for each event until the stream ends. silence_ms: then it counts as lost.
export async function follow(path, hear, opened, silence_ms = 40000) {
  const giveUp = new AbortController();
  let timer;
  const alive = () => {
    clearTimeout(timer);
    timer = setTimeout(() => giveUp.abort(), silence_ms);
  };
  alive();
  try {
    const answer = await checked(await fetch(path, { headers: headers(), signal: giveUp.signal }));
    opened();
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      alive();
      text += value;
      let end;
      while ((end = text.indexOf("\n\n")) >= 0) {
        const fields = {};
        for (const line of text.slice(0, end).split("\n")) {
          const at = line.indexOf(": ");
          if (at > 0) fields[line.slice(0, at)] = line.slice(at + 2);
        }
        text = text.slice(end + 2);
        if (fields.data) hear(fields.event, JSON.parse(fields.data));
      }
    }
  } finally {
    clearTimeout(timer);
  }
}
