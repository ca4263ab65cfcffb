// The page: its buttons, what is under way, what is told.

import { openMicrophone } from "./microphone.js";
import { models, openStream, Problem, transcribe } from "./server.js";
import { decode, loudness, peaks, wav } from "./sound.js";
import { minutes, switchLanguage, t, timeOfDay, translate } from "./strings.js";
import { Take } from "./take.js";

const $ = (id) => document.getElementById(id);
const takes = new Set();
let recording = null; // what speaks: {stop}; "starting" while the microphone opens
let shown = null; // the Problem that is told

function tell(error) {
  shown = error && !(error instanceof Problem) ? new Problem("other", { message: error.message }) : error;
  $("problem").hidden = !shown;
  $("problem").textContent = shown ? t(shown.key, shown.values) : "";
  if (shown?.key === "tokenNeeded") {
    showOptions(true);
    $("token-field").hidden = false;
    $("token").focus();
  }
}

function label() {
  translate();
  $("language").textContent = t("languageButton");
  $("language").lang = t("otherLanguage");
  $("speak").setAttribute("aria-label", t(recording ? "stop" : "speak"));
  $("speak").title = t(recording ? "stop" : "speak");
  $("level").setAttribute("aria-label", t("level"));
  $("clock").setAttribute("aria-label", t("clock"));
  for (const take of takes) take.translate();
  tell(shown);
}

function options() {
  const phrases = $("phrases").value.split("\n").map((line) => line.trim()).filter(Boolean);
  return { model: $("model").value || undefined, phrases, token: $("token").value.trim() };
}

function showOptions(open) {
  $("options").hidden = !open;
  $("options-button").setAttribute("aria-expanded", open);
}

async function loadModels() {
  try {
    const names = await models(options().token);
    $("model").replaceChildren(...names.map((name) => new Option(name)));
    $("model-field").hidden = names.length < 2;
    tell(null);
  } catch (error) {
    tell(error);
  }
}

function newTake(name) {
  const take = new Take(name, { onAgain: (one) => transcribeTake(one), onRemove: remove });
  takes.add(take);
  $("takes").append(take.element);
  arrange();
  take.element.scrollIntoView({ block: "end" });
  return take;
}

function remove(take) {
  if (take === recording?.take) return;
  take.remove();
  takes.delete(take);
  arrange();
  $("speak").focus();
}

function arrange() {
  $("empty").hidden = takes.size > 0;
  $("legend").hidden = ![...takes].some((take) => take.words.length);
}

/** Follow the text as it grows, unless the reader has scrolled away. */
function onEvent(take, event) {
  const page = document.documentElement, near = page.scrollHeight - page.clientHeight - page.scrollTop < 120;
  take.take(event);
  arrange();
  if (near) page.scrollTop = page.scrollHeight;
}

async function speak() {
  if (recording === "starting") return;
  if (recording) return recording.stop();
  tell(null);
  recording = "starting";
  try {
    await record();
  } catch (error) {
    tell(error);
  }
  recording = null;
  showRecording(false);
}

/** One take from the microphone: until the button is pressed again, or the stream fails. */
async function record() {
  const chunks = [], early = [], began = new Date();
  let stream = null, take = null, failure = null, ended;
  const end = new Promise((resolve) => (ended = resolve));
  const onChunk = (chunk) => {
    if (!stream) return early.push(chunk);
    chunks.push(chunk);
    stream.send(chunk);
    const [peak] = peaks(chunk, microphone.rate);
    take.addPeaks([peak]);
    showLevel(peak, take.duration_s);
  };
  const microphone = await openMicrophone(onChunk);
  take = newTake(() => t("microphone", { time: timeOfDay(began) }));
  take.begin("listening");
  stream = openStream(options(), microphone.rate, (event) => onEvent(take, event));
  stream.done.then(ended, (error) => ended((failure = error)));
  early.forEach(onChunk);
  recording = { take, stop: ended };
  showRecording(true);
  await end;
  await microphone.stop();
  showRecording(false);
  take.setSound(wav(chunks, microphone.rate));
  if (!failure) {
    take.note("working");
    stream.finish();
    await stream.done.catch((error) => (failure = error));
  }
  take.end(failure?.key, failure?.values);
  if (failure) throw failure;
}

function showRecording(on) {
  document.body.classList.toggle("recording", on);
  $("speak").querySelector("use").setAttribute("href", on ? "#i-stop" : "#i-mic");
  $("file-button").hidden = $("options-button").hidden = on;
  $("clock").hidden = $("level").hidden = !on;
  if (on) showOptions(false);
  showLevel(0, 0);
  $("speak").setAttribute("aria-label", t(on ? "stop" : "speak"));
  $("speak").title = t(on ? "stop" : "speak");
}

function showLevel(peak, seconds) {
  const level = Math.max(loudness(peak), seconds && $("level").value * 0.85); // falls slowly, as meters do
  $("level").value = level;
  $("speak").style.setProperty("--level", level);
  $("clock").value = minutes(seconds);
}

async function open(file) {
  if (!file) return;
  if (recording) return tell(new Problem("recordingNow"));
  const take = newTake(() => file.name);
  take.setSound(file);
  take.note("sending");
  const samples = await decode(file);
  if (samples) {
    take.addPeaks(peaks(samples, 16000));
    take.setDuration(samples.length / 16000);
  }
  await transcribeTake(take, samples);
}

/** Transcribe a take's sound. `samples`: for files of a kind that this browser reads and the server does not. */
async function transcribeTake(take, samples) {
  tell(null);
  take.begin("working");
  const send = (sound) => transcribe(options(), sound, (event) => onEvent(take, event));
  try {
    await send(take.sound).catch((error) => {
      if (error.key !== "unreadable" || !samples) throw error;
      return send((take.sound = wav([samples], 16000)));
    });
    take.end();
  } catch (error) {
    tell(error);
    take.end(error.key ?? "other", error.values ?? { message: error.message });
  }
}

function dropping() {
  const over = (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    $("drop").hidden = event.type === "drop" || (event.type === "dragleave" && event.relatedTarget !== null);
    if (event.type === "drop") open(event.dataTransfer.files[0]);
  };
  for (const type of ["dragover", "drop"]) addEventListener(type, over);
  addEventListener("dragleave", (event) => event.relatedTarget ?? ($("drop").hidden = true));
}

$("speak").onclick = speak;
$("file-button").onclick = () => $("file").click();
$("file").onchange = ({ target }) => open(target.files[0]).finally(() => (target.value = ""));
$("options-button").onclick = () => showOptions($("options").hidden);
$("options").onsubmit = (event) => event.preventDefault();
$("token").onchange = () => (sessionStorage.setItem("token", options().token), loadModels());
$("phrases").onchange = () => localStorage.setItem("phrases", $("phrases").value);
$("language").onclick = () => (switchLanguage(), label());
matchMedia("(prefers-color-scheme: dark)").onchange = () => takes.forEach((take) => take.draw());
$("phrases").value = localStorage.getItem("phrases") ?? "";
$("token").value = sessionStorage.getItem("token") ?? "";
label();
dropping();
loadModels();
