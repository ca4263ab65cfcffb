// A transcript as txt, srt, vtt or json: the fields and the subtitles' sizes of `deepspeech transcribe`.

const LINE = 42, LINES = 2, CUE_S = 6, PAUSE_S = 1, READING_S = 0.8;
const TYPES = { txt: "text/plain", srt: "application/x-subrip", vtt: "text/vtt", json: "application/json" };
export const FORMATS = Object.keys(TYPES);

const textOf = (words) => words.map((word) => word.text).join(" ");

/** `utterances`: lists of words {text, start_s, end_s, confidence}. */
export function download(form, name, utterances, duration_s) {
  const text = { txt: plain, srt: subtitles, vtt: subtitles, json }[form](utterances, form, name, duration_s);
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: TYPES[form] }));
  link.download = `${name.replace(/\.\w+$/, "").replace(/[\\/:*?"<>|]/g, "-")}.${form}`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

const plain = (utterances) => utterances.map((words) => `${textOf(words)}\n`).join("");

function json(utterances, _, name, duration_s) {
  const segments = utterances.map((words) => ({ text: textOf(words), start_s: words[0].start_s, end_s: words.at(-1).end_s }));
  const value = { file: name, text: textOf(utterances.flat()), duration_s, words: utterances.flat(), segments };
  return `${JSON.stringify(value)}\n`;
}

function subtitles(utterances, form) {
  const words = utterances.flat(), cues = [];
  for (const word of words) {
    const cue = cues.at(-1);
    if (cue && fits(cue, word)) cue.push(word);
    else cues.push([word]);
  }
  const parts = cues.map((cue, n) => {
    const end = Math.min(Math.max(cue.at(-1).end_s, cue[0].start_s + READING_S), cue[0].start_s + CUE_S, cues[n + 1]?.[0].start_s ?? Infinity);
    const text = form === "vtt" ? broken(cue).map(escaped) : broken(cue);
    return `${n + 1}\n${time(cue[0].start_s, form)} --> ${time(end, form)}\n${text.join("\n")}\n\n`;
  });
  return (form === "vtt" ? "WEBVTT\n\n" : "") + parts.join("");
}

function fits(cue, word) {
  const short = broken([...cue, word]).length <= LINES && word.end_s - cue[0].start_s <= CUE_S;
  return short && word.start_s - cue.at(-1).end_s < PAUSE_S;
}

function broken(words) {
  const lines = [];
  for (const { text } of words) {
    if (lines.length && lines.at(-1).length + 1 + text.length <= LINE) lines[lines.length - 1] += ` ${text}`;
    else lines.push(text);
  }
  return lines;
}

const escaped = (text) => text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");

function time(seconds, form) {
  const [whole, part] = (Math.round(seconds * 1000) / 1000).toFixed(3).split(".");
  const fields = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  return fields.map((field) => String(field).padStart(2, "0")).join(":") + (form === "srt" ? "," : ".") + part;
}
