// The server: its models, live streams over /stream, recordings over /v1/audio/transcriptions. Throws Problem.

/** Something to tell the user: a key of strings.js, and values for it. */
export class Problem extends Error {
  constructor(key, values = {}) {
    super(key);
    Object.assign(this, { key, values });
  }
}

const CODES = {
  streams: "full", uploads: "full", rate: "full", address: "full", draining: "draining", invalid_api_key: "tokenNeeded",
  invalid_audio: "unreadable", too_large: "tooLarge", too_long: "tooLarge",
};

function problem(code, message, status) {
  return new Problem(CODES[code] ?? (status === 429 ? "full" : status === 503 ? "draining" : "other"), { message });
}

async function request(path, token, options = {}) {
  const headers = token ? { Authorization: `Bearer ${token}` } : {};
  const response = await fetch(path, { ...options, headers }).catch(() => {
    throw new Problem("unreachable");
  });
  if (response.ok) return response;
  const { error = {} } = await response.json().catch(() => ({}));
  throw problem(error.code, error.message ?? response.statusText, response.status);
}

/** Names of the models. */
export async function models(token) {
  const { data } = await (await request("v1/models", token)).json();
  return data.map((model) => model.id);
}

/** A live stream. `onEvent` gets the messages of docs/serve.md; `done` resolves when all is sent, or throws. */
export function openStream({ model, phrases, token }, rate, onEvent) {
  const url = new URL("stream", document.baseURI);
  url.protocol = url.protocol.replace("http", "ws");
  const socket = new WebSocket(url, token ? ["deepspeech", `openai-insecure-api-key.${token}`] : []);
  const waiting = [JSON.stringify({ type: "start", model, rate_hz: rate, hot_phrases: phrases })];
  const send = (message) => {
    if (socket.readyState === WebSocket.CONNECTING) waiting.push(message);
    else if (socket.readyState === WebSocket.OPEN) socket.send(message); // else `done` has its cause
  };
  const done = new Promise((resolve, reject) => {
    let failure = null, opened = false, finished = false;
    socket.onopen = () => {
      opened = true;
      waiting.forEach((message) => socket.send(message));
    };
    socket.onmessage = ({ data }) => {
      const event = JSON.parse(data);
      if (event.type === "error") failure = problem(event.code, event.message);
      else if (event.type === "finished") finished = true;
      else onEvent(event);
    };
    socket.onclose = ({ code }) => {
      if (failure) reject(failure);
      else if (code === 1013) reject(new Problem("full"));
      else if (code === 1012) reject(new Problem("draining"));
      else if (code === 1008) reject(new Problem("idle"));
      else if (finished) resolve();
      else reject(new Problem(opened ? "lost" : "unreachable"));
    };
  });
  return { send, done, finish: () => send(JSON.stringify({ type: "finish" })) };
}

/** Transcribe a recording. `onEvent`: {type: "partial", text, stable} and {type: "final", words}, as of a live stream. */
export async function transcribe({ model, phrases, token }, file, onEvent) {
  const form = new FormData();
  form.set("file", file, "recording");
  if (model) form.set("model", model);
  form.set("response_format", "verbose_json");
  form.set("stream", "true");
  form.set("timestamp_granularities[]", "word");
  phrases.forEach((phrase) => form.append("keywords[]", phrase));
  const response = await request("v1/audio/transcriptions", token, { method: "POST", body: form });
  let text = "", done = false;
  for await (const event of serverSent(response.body)) {
    if (event.error) throw problem(event.error.code, event.error.message);
    if (event.type === "transcript.text.delta") {
      text += event.delta;
      onEvent({ type: "partial", text: text.trim(), stable: text.trim() });
    } else if (event.type === "transcript.text.segment") {
      text = "";
      onEvent({ type: "final", words: event.words.map(renamed) });
    }
    done ||= event.type === "transcript.text.done";
  }
  if (!done) throw new Problem("lost");
}

const renamed = ({ word, start, end, confidence }) => ({ text: word, start_s: start, end_s: end, confidence });

async function* serverSent(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read().catch(() => ({ done: true }));
    if (done) return;
    const parts = (rest + value).split("\n\n");
    rest = parts.pop();
    for (const part of parts) yield JSON.parse(part.replace(/^data: /, ""));
  }
}
