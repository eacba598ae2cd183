/** The sandbox's own HTTP API (bot/sandbox/README.md); every failure comes back as {ok: false, error}. */

async function read(response) {
  const type = response.headers.get("content-type") ?? "";
  const body = type.includes("json") ? await response.json() : { error: `HTTP ${response.status}` };
  if (response.ok) return body;
  return { ok: false, error: body.error ?? `HTTP ${response.status}`, ...body };
}

async function call(method, path, body) {
  try {
    const response = await fetch(path, {
      method,
      headers: body === undefined ? {} : { "content-type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    return await read(response);
  } catch {
    return { ok: false, error: "The sandbox does not answer. Is it still running?", offline: true };
  }
}

export const get = (path) => call("GET", path);
export const post = (path, body) => call("POST", path, body);
export const remove = (path) => call("DELETE", path);

/** What one person can see; {version} alone when nothing changed since `since`. */
export function readState(user, since) {
  const query = new URLSearchParams();
  if (user) query.set("user", user);
  if (since !== undefined) query.set("since", since);
  return get(`/api/state?${query}`);
}

/** Calls `changed` whenever the server says so and `connection` with true/false as the stream comes and goes. */
export function openStream(user, changed, connection) {
  const stream = new EventSource(`/api/stream?user=${encodeURIComponent(user)}`);
  stream.addEventListener("message", changed);
  stream.addEventListener("open", () => connection(true));
  stream.addEventListener("error", () => connection(false));
  return () => stream.close();
}
