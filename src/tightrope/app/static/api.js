// The token of this start, and the one way in which the page asks the server.
const KEY = "tightrope-token";

export function takeToken() {
  const given = new URLSearchParams(location.hash.slice(1));
  const token = given.get("token");
  if (token) {
    localStorage.setItem(KEY, token);
    given.delete("token");
    history.replaceState(null, "", "#" + given.toString());
  }
  return localStorage.getItem(KEY) || "";
}

export class Refused extends Error {
  constructor(status, detail) {
    const text = Array.isArray(detail) ? detail.map((d) => d.what).join("; ") : String(detail);
    super(text);
    this.status = status;
  }
}

const pause = (ms) => new Promise((done) => setTimeout(done, ms));

// A full server says when to come again; twice the page does so by itself.
export async function ask(path, body, { method, signal, as = "json", tries = 3 } = {}) {
  const headers = { "x-tightrope-token": localStorage.getItem(KEY) || "" };
  if (body !== undefined) headers["content-type"] = "application/json";
  const answer = await fetch(path, {
    method: method || (body === undefined ? "GET" : "POST"),
    headers,
    body: body === undefined ? undefined : JSON.stringify(body),
    signal,
    credentials: "omit",
  });
  if (answer.ok) return as === "json" ? answer.json() : answer.text();
  const again = Number(answer.headers.get("retry-after"));
  if (answer.status === 503 && again && tries > 1) {
    await pause(1000 * again);
    return ask(path, body, { method, signal, as, tries: tries - 1 });
  }
  let detail = answer.statusText;
  try {
    detail = (await answer.json()).detail;
  } catch {
    // no words came with it
  }
  throw new Refused(answer.status, detail);
}

export function save(name, text, kind = "text/plain") {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: kind }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}
