// A take: one recording, spoken or opened, with its waveform, its words and what can be done with them.

import { download, FORMATS } from "./formats.js";
import { loudness, PEAKS_PER_S } from "./sound.js";
import { minutes, percent, t, translate } from "./strings.js";

const SURE = 0.9, FAIR = 0.5; // confidences: CSS shows which
const LIVE_S = 12; // the width of the waveform at first
const BAR = 3, GAP = 2; // pixels

const audio = document.getElementById("player");
const said = document.getElementById("said");
let playing = null; // the take whose sound is in the player

export class Take {
  /** `name()` gives its name in the current language; `onAgain` and `onRemove` are what its buttons do. */
  constructor(name, { onAgain, onRemove }) {
    this.name = name;
    Object.assign(this, { utterances: [], peaks: [], words: [], duration_s: 0, sound: null, live: true, until_s: 0 });
    this.element = document.getElementById("take").content.firstElementChild.cloneNode(true);
    this.part = (selector) => this.element.querySelector(selector);
    this.current = document.createElement("p"); // the utterance being spoken
    this.current.className = "current";
    for (const form of FORMATS) this.part(".downloads").append(this.downloadButton(form));
    this.part(".play").onclick = () => (this.isPlaying() ? audio.pause() : this.play(this.at_s()));
    this.part(".again").onclick = () => onAgain(this);
    this.part(".remove").onclick = () => onRemove(this);
    this.part("canvas").onclick = ({ offsetX, target }) => this.play((offsetX / target.clientWidth) * this.duration_s);
    const text = this.part(".text");
    text.append(this.current);
    text.onclick = ({ target }) => this.hear(this.words.find((word) => word.element === target));
    text.onkeydown = (event) => this.onKey(event);
    new ResizeObserver(() => this.draw()).observe(this.part("canvas"));
    this.translate();
  }

  downloadButton(form) {
    const button = document.createElement("button");
    Object.assign(button, { type: "button", className: "quiet", textContent: form });
    button.onclick = () => download(form, this.name(), this.utterances.map((words) => words.map(bare)), this.duration_s);
    return button;
  }

  translate() {
    translate(this.element);
    this.part("h2").textContent = this.name();
    const label = (element, text) => (element.setAttribute("aria-label", text), (element.title = text));
    label(this.part(".play"), t(this.isPlaying() ? "pause" : "play"));
    label(this.part(".again"), t("again"));
    label(this.part(".remove"), t("remove"));
    this.part(".text").setAttribute("aria-label", t("words", { name: this.name() }));
    for (const button of this.part(".downloads").querySelectorAll("button"))
      label(button, t("downloadAs", { form: button.textContent }));
    for (const word of this.words) describe(word);
    if (this.noteKey) this.note(this.noteKey, this.noteValues);
  }

  /** Add samples that were just recorded, as peaks. */
  addPeaks(peaks) {
    this.peaks.push(...peaks);
    this.setDuration(this.peaks.length / PEAKS_PER_S);
  }

  setDuration(duration_s) {
    this.duration_s = duration_s;
    this.part(".length").textContent = minutes(duration_s);
    this.draw();
  }

  /** The whole recording, to be played. */
  setSound(file) {
    this.sound = file;
    this.url = URL.createObjectURL(file);
    this.part(".play").disabled = false;
  }

  note(key, values) {
    Object.assign(this, { noteKey: key, noteValues: values });
    this.part(".note").hidden = !key;
    this.part(".note").textContent = key ? t(key, values) : "";
  }

  /** Forget the words: it is transcribed again. */
  begin(key) {
    Object.assign(this, { utterances: [], words: [], live: true });
    this.part(".text").replaceChildren(this.current);
    this.part(".downloads").hidden = true;
    this.part("canvas").hidden = false;
    this.element.classList.add("live");
    this.note(key);
  }

  /** An event of a stream: what is settled is drawn as such, and read out once. */
  take(event) {
    if (event.type === "partial") {
      const open = document.createElement("span");
      open.textContent = event.text.slice(event.stable.length);
      this.current.replaceChildren(event.stable, open);
      this.note(null);
    } else if (event.type === "final" && event.words.length) this.settle(event.words);
  }

  settle(words) {
    this.utterances.push(words);
    const line = document.createElement("p");
    line.dataset.time = minutes(words[0].start_s);
    for (const word of words) {
      word.element = document.createElement("span");
      word.element.textContent = word.text;
      word.element.className = `word ${grade(word.confidence)}`;
      word.element.setAttribute("role", "button");
      word.element.tabIndex = this.words.length ? -1 : 0; // one stop for Tab; arrow keys move among words
      describe(word);
      this.words.push(word);
      line.append(word.element, " ");
    }
    this.current.before(line);
    this.current.replaceChildren();
    said.append(Object.assign(document.createElement("p"), { textContent: line.textContent }));
    if (said.childElementCount > 20) said.firstElementChild.remove();
  }

  /** Nothing more comes. `failure`: a key of strings.js, where it ended early; what was not settled stays as it is. */
  end(failure, values) {
    this.live = false;
    this.element.classList.remove("live");
    this.note(failure ?? (this.words.length || this.current.textContent ? null : "silent"), values);
    this.part(".downloads").hidden = !this.words.length;
    this.part("canvas").hidden = !this.peaks.length; // of a file that this browser cannot read
    this.draw();
  }

  onKey(event) {
    const here = this.words.findIndex((word) => word.element === event.target);
    const move = { ArrowRight: here + 1, ArrowLeft: here - 1, Home: 0, End: this.words.length - 1 }[event.key];
    if (here < 0 || (move === undefined && event.key !== "Enter" && event.key !== " ")) return;
    event.preventDefault();
    if (move === undefined) this.hear(this.words[here]);
    else if (this.words[move]) {
      this.words[here].element.tabIndex = -1;
      this.words[move].element.tabIndex = 0;
      this.words[move].element.focus();
    }
  }

  hear(word) {
    if (word && this.sound) this.play(Math.max(0, word.start_s - 0.05), word.end_s + 0.1);
  }

  isPlaying = () => playing === this && !audio.paused;
  at_s = () => (playing === this && audio.currentTime < this.duration_s - 0.1 ? audio.currentTime : 0);

  play(start_s, until_s = Infinity) {
    if (!this.sound) return;
    if (playing !== this) {
      const before = playing;
      playing = this;
      audio.src = this.url;
      before?.onPlayer();
    }
    this.until_s = until_s;
    audio.currentTime = start_s;
    audio.play().then(() => this.follow(), () => this.onPlayer());
  }

  /** While it plays: the line in the waveform, the word that is heard, the end of a single word. */
  follow() {
    this.onPlayer();
    if (!this.isPlaying()) return;
    if (audio.currentTime >= this.until_s) audio.pause();
    requestAnimationFrame(() => this.follow());
  }

  onPlayer() {
    const on = this.isPlaying(), at_s = audio.currentTime;
    this.part(".play use").setAttribute("href", on ? "#i-pause" : "#i-play");
    this.part(".play").setAttribute("aria-label", t(on ? "pause" : "play"));
    for (const word of this.words)
      word.element.classList.toggle("heard", on && word.start_s <= at_s && at_s < word.end_s);
    this.draw();
  }

  /** With the next picture that the browser shows. */
  draw() {
    this.frame ??= requestAnimationFrame(() => {
      this.frame = null;
      this.paint();
    });
  }

  paint() {
    const canvas = this.part("canvas"), ratio = devicePixelRatio || 1, { clientWidth: width, clientHeight: height } = canvas;
    if (!width) return;
    const [wide, high] = [Math.round(width * ratio), Math.round(height * ratio)];
    if (canvas.width !== wide || canvas.height !== high) Object.assign(canvas, { width: wide, height: high });
    const brush = canvas.getContext("2d"), style = getComputedStyle(canvas), bars = Math.floor(width / (BAR + GAP));
    brush.setTransform(ratio, 0, 0, ratio, 0, 0);
    brush.clearRect(0, 0, width, height);
    const span = Math.max(this.live && !this.sound ? LIVE_S : 0, this.duration_s) * PEAKS_PER_S;
    const reached = playing === this ? audio.currentTime * PEAKS_PER_S : 0;
    const played = new Path2D(), rest = new Path2D();
    for (let bar = 0; bar < bars; bar++) {
      const first = Math.floor((bar * span) / bars), after = Math.max(first + 1, Math.floor(((bar + 1) * span) / bars));
      const peak = this.peaks.slice(first, after).reduce((most, one) => Math.max(most, one), -1);
      if (peak < 0) break;
      const tall = Math.max(BAR, loudness(peak) * height);
      (first < reached ? played : rest).roundRect(bar * (BAR + GAP), (height - tall) / 2, BAR, tall, BAR / 2);
    }
    for (const [path, color] of [[played, "--accent"], [rest, "--wave"]]) {
      brush.fillStyle = style.getPropertyValue(color);
      brush.fill(path);
    }
  }

  remove() {
    if (playing === this) audio.pause(), (playing = null);
    if (this.url) URL.revokeObjectURL(this.url);
    this.element.remove();
  }
}

const bare = ({ element, ...word }) => word;
const grade = (confidence) => (confidence === undefined || confidence >= SURE ? "sure" : confidence >= FAIR ? "fair" : "poor");

function describe({ element, text, confidence, start_s }) {
  const values = { word: text, percent: percent(confidence ?? 1), time: minutes(start_s) };
  element.title = t("heard", values);
  if (grade(confidence) !== "sure") element.setAttribute("aria-label", t("heard", values));
}
