"""A page on an alignment: its scores over time as a picture, and doubtful clips to listen to, accept or reject.

In: an Alignment, its clips and the sound of the doubtful ones. Out: one HTML file that needs no other file and no host.
It saves the accepted clips as a CSV in DeepSpeech's format, for the folder where the page lies.
"""

import base64
import html
import json
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from deepspeech.alignment.clips import LOW, Clip
from deepspeech.alignment.result import Alignment

WIDTH, HEIGHT = 1200, 160
LOWEST = -2.0  # score at the bottom of the picture
TIMES = 5  # on its axis


@dataclass(frozen=True)
class Doubtful:
    """A clip that was left out, as a file."""

    clip: Clip
    file: str  # relative to the page
    size_bytes: int
    sound: bytes  # to listen to
    sound_type: str  # its MIME type


def picture(alignment: Alignment, clips: Sequence[Clip], shown: Sequence[Clip], least_score: float) -> str:
    """The scores of clips over time, as SVG: kept ones, others, which link to those `shown`, and foreign sound."""
    scale, places = WIDTH / max(alignment.duration_s, 1e-3), {id(clip): number for number, clip in enumerate(shown)}
    parts = [
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" preserveAspectRatio="none" role="img" '
        'aria-label="Scores of the clips over time">'
    ]
    for one in alignment.foreign:
        parts.append(_bar(one.start_s, one.end_s, scale, 0, "foreign", f"not in the text: {one.heard}"))
    for clip in clips:
        title = f"{_clock(clip.start_s)} {clip.score:.2f} {clip.written}" + (f" ({clip.reason})" if clip.reason else "")
        top = HEIGHT * min(1.0, clip.score / LOWEST)
        bar = _bar(clip.start_s, clip.end_s, scale, top, "doubtful" if clip.reason else "kept", title)
        number = places.get(id(clip))
        parts.append(bar if number is None else f'<a href="#clip-{number}">{bar}</a>')
    if least_score > LOWEST:
        y = f"{HEIGHT * least_score / LOWEST:.1f}"
        parts.append(f'<line x1="0" x2="{WIDTH}" y1="{y}" y2="{y}"/>')
    return "".join([*parts, "</svg>"])


def _bar(start_s: float, end_s: float, scale: float, top: float, kind: str, title: str) -> str:
    top = min(top, HEIGHT - 3)
    place = f'x="{start_s * scale:.1f}" width="{max(1.0, (end_s - start_s) * scale):.1f}" y="{top:.1f}"'
    return f'<rect {place} height="{HEIGHT - top:.1f}" class="{kind}"><title>{html.escape(title)}</title></rect>'


def page(
    alignment: Alignment,
    clips: Sequence[Clip],
    doubtful: Sequence[Doubtful],
    name: str,
    least_score: float = -math.inf,
    speaker: str = "",
) -> str:
    """The whole page. `least_score`: clips below were left out; a line in the picture. `speaker`: of accepted clips."""
    entries = [{"file": one.file, "size": one.size_bytes} for one in doubtful]
    total = sum(bool(clip.reason) for clip in clips)
    parts = {
        "TITLE": html.escape(name),
        "SUMMARY": "".join(f"<li>{html.escape(line)}</li>" for line in summary(alignment, clips)),
        "PICTURE": picture(alignment, clips, [one.clip for one in doubtful], least_score),
        "TIMES": "".join(
            f"<span>{_clock(alignment.duration_s * place / (TIMES - 1))}</span>" for place in range(TIMES)
        ),
        "MISSING": _listed("Sentences that are not in the sound", [one.text for one in alignment.missing]),
        "FOREIGN": _listed(
            "Sound that is not in the text, and what is heard there",
            [
                f"{_clock(one.start_s)}, {one.end_s - one.start_s:.1f} s: {one.heard or '–'}"
                for one in alignment.foreign
            ],
        ),
        "MANY": f"Here are the {len(doubtful)} worst of {total}; all are in doubtful.csv."
        if total > len(doubtful)
        else "",
        "ENTRIES": json.dumps(entries).replace("<", "\\u003c"),
        "SPEAKER": json.dumps(speaker).replace("<", "\\u003c"),
        "NONE": "" if doubtful else "hidden",
        "ROWS": "".join(_row(number, one) for number, one in enumerate(doubtful)),
    }
    return re.sub("@([A-Z]+)@", lambda found: parts[found[1]], _PAGE)


def _listed(title: str, lines: Sequence[str]) -> str:
    """Lines that can be unfolded; nothing for none."""
    rows = "".join(f"<li>{html.escape(line)}</li>" for line in lines)
    return f"<details><summary>{title} ({len(lines)})</summary><ul>{rows}</ul></details>" if lines else ""


def summary(alignment: Alignment, clips: Sequence[Clip]) -> Iterator[str]:
    """What was found, line by line."""
    kept = [clip for clip in clips if not clip.reason]
    kept_s = sum(clip.end_s - clip.start_s for clip in kept)
    words = alignment.words
    yield f"{sum(word.found for word in words)} of {len(words)} words found in {_clock(alignment.duration_s)}"
    yield f"{len(kept)} of {len(clips)} clips kept, {_clock(kept_s)} of speech"
    reasons = [clip.reason.split(" (")[0].split(" of '")[0] for clip in clips if clip.reason]
    for reason in dict.fromkeys(reasons):
        yield f"{reasons.count(reason)} left out: {reason}"
    missing = list(alignment.missing)
    if missing:
        yield f"{len(missing)} of {len(alignment.sentences)} sentences are not in the sound"
    if alignment.foreign:
        foreign_s, places = sum(one.end_s - one.start_s for one in alignment.foreign), len(alignment.foreign)
        yield f"{foreign_s:.1f} s of sound is not in the text, in {places} place{'s' * (places > 1)}"


def _row(number: int, one: Doubtful) -> str:
    clip, sound = one.clip, base64.b64encode(one.sound).decode()
    length_s = clip.end_s - clip.start_s
    score = "" if clip.score == -math.inf or clip.reason.startswith(LOW) else f", score {clip.score:.2f}"
    fault = html.escape(clip.reason + score)
    return (
        f'<li id="clip-{number}"><p><b>{_clock(clip.start_s)}</b> {length_s:.1f} s, {fault}</p>'
        f'<audio controls preload="none" src="data:{one.sound_type};base64,{sound}"></audio>'
        f'<textarea rows="1" aria-label="Transcript" title="{html.escape(clip.written)}">{html.escape(clip.text)}'
        '</textarea><div><button data-choice="accept" aria-pressed="false">Accept</button>'
        '<button data-choice="reject" aria-pressed="false">Reject</button></div></li>'
    )


def _clock(seconds: float) -> str:
    minutes, left = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{left:02}" if hours else f"{minutes}:{left:02}"


_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>@TITLE@</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy"
 content="default-src 'none'; media-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
<style>
:root {
  color-scheme: light dark;
  --page: #fff; --raised: #f4f6f9; --line: #dce1e8; --text: #171b22; --quiet: #59626f; --accent: #1f5fbf;
  --kept: #23875f; --doubtful: #c9622d; --foreign: #b7bec9; --accept: #1d7a54; --reject: #b3201a; --on: #fff;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #14171c; --raised: #1d2229; --line: #303742; --text: #e9ecf1; --quiet: #a0aab8; --accent: #84b4ff;
    --kept: #3fae82; --doubtful: #e08450; --foreign: #535f70; --accept: #5fd0a2; --reject: #ff958e; --on: #14171c;
  }
}
* { box-sizing: border-box }
[hidden] { display: none !important }
body { margin: 0 auto; max-width: 64rem; padding: 1.25rem; background: var(--page); color: var(--text);
  font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere }
h1 { margin: 0 0 .5rem; font-size: 1.4rem } h2 { margin: 1.75rem 0 .25rem; font-size: 1.15rem }
p { margin: 0 } ul { margin: 0; padding-left: 1.2rem } details { margin-top: .5rem } summary { cursor: pointer }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px }
svg { display: block; width: 100%; height: 8rem; margin-top: 1rem; background: var(--raised) }
.kept { fill: var(--kept); background: var(--kept) } .doubtful { fill: var(--doubtful); background: var(--doubtful) }
.foreign { fill: var(--foreign); background: var(--foreign) }
line { stroke: var(--text); stroke-dasharray: 6 6; vector-effect: non-scaling-stroke; opacity: .6 }
.times { display: flex; justify-content: space-between; font-size: .8125rem; color: var(--quiet);
  font-variant-numeric: tabular-nums }
.legend { display: flex; flex-wrap: wrap; gap: 0 1.25rem; font-size: .875rem; color: var(--quiet) }
.legend i { display: inline-block; width: .75rem; height: .75rem; margin-right: .4rem }
.quiet { color: var(--quiet) }
.bar { position: sticky; top: 0; z-index: 1; display: flex; flex-wrap: wrap; align-items: center; gap: .25rem 1rem;
  padding-block: .75rem; background: var(--page); border-bottom: 1px solid var(--line) }
button { min-height: 2.75rem; padding: 0 1rem; border: 1px solid var(--line); border-radius: .5rem; font: inherit;
  color: inherit; background: var(--raised); cursor: pointer }
button:disabled { opacity: .5; cursor: default }
#save:enabled { border-color: transparent; background: var(--accent); color: var(--on) }
ol { margin: 0; padding: 0; list-style: none }
ol li { display: grid; grid-template-columns: 17rem 1fr auto; gap: .5rem 1rem; align-items: center;
  padding: .75rem 0 .75rem .75rem; border-bottom: 1px solid var(--line); border-left: 4px solid transparent;
  scroll-margin-top: 8rem }
ol li:target { background: var(--raised) }
ol p { grid-column: 1 / -1; font-size: .875rem; color: var(--quiet) }
ol p b { color: var(--text); font-variant-numeric: tabular-nums }
audio { width: 100%; height: 2.75rem }
textarea { width: 100%; min-height: 2.75rem; padding: .5rem .6rem; border: 1px solid var(--line);
  border-radius: .5rem; font: inherit; color: inherit; background: var(--page); resize: vertical;
  field-sizing: content }
ol div { display: flex; gap: .5rem }
.accept { border-left-color: var(--accept) } .reject { border-left-color: var(--reject) }
.reject textarea { opacity: .55 }
[data-choice=accept][aria-pressed=true] { background: var(--accept); color: var(--on) }
[data-choice=reject][aria-pressed=true] { background: var(--reject); color: var(--on) }
@media (max-width: 48rem) { ol li { grid-template-columns: 1fr; scroll-margin-top: 10rem } ol div button { flex: 1 } }
</style></head><body>
<h1>@TITLE@</h1>
<ul>@SUMMARY@</ul>
@PICTURE@
<div class="times">@TIMES@</div>
<p class="legend"><span><i class="kept"></i>kept</span><span><i class="doubtful"></i>left out</span>
<span><i class="foreign"></i>not in the text</span><span>the higher, the better the text fits; below the line: left
out</span></p>
@MISSING@@FOREIGN@
<section @NONE@>
<h2>Doubtful clips</h2>
<p class="quiet">The worst first. Listen, correct the transcript if you wish, then accept or reject.
<b>Save</b> writes <code>accepted.csv</code>: put it beside this page. It is a data set like clips.csv. @MANY@</p>
<div class="bar"><button id="save">Save accepted.csv</button> <span id="count" role="status"></span></div>
<ol>@ROWS@</ol>
</section>
<script>
const entries = @ENTRIES@, speaker = @SPEAKER@;
const rows = [...document.querySelectorAll("ol li")];
const text = row => row.querySelector("textarea").value.trim().replace(/\\s+/g, " ");
const quoted = value => '"' + value.replaceAll('"', '""') + '"';
const store = "deepspeech " + location.pathname;  // choices outlive the page, where the browser keeps them
let unsaved = false;

function show() {
  const of = choice => rows.filter(row => row.className === choice);
  const empty = of("accept").filter(row => !text(row)).length;
  for (const row of rows) for (const button of row.querySelectorAll("button"))
    button.setAttribute("aria-pressed", row.className === button.dataset.choice);
  document.getElementById("count").textContent = `${of("accept").length} accepted, ${of("reject").length} rejected, ` +
    `${of("").length} open` + (empty ? `; ${empty} accepted without a transcript` : "");
  document.getElementById("save").disabled = !of("accept").length || empty > 0;
}
function changed() {
  unsaved = true;
  show();
  const kept = rows.map((row, number) => [entries[number].file, [row.className, row.querySelector("textarea").value]]);
  try { localStorage.setItem(store, JSON.stringify(Object.fromEntries(kept))); } catch {}
}
try {
  const kept = JSON.parse(localStorage.getItem(store) || "{}");
  rows.forEach((row, number) => {
    const [choice, written] = kept[entries[number].file] || ["", null];
    row.className = choice;
    if (written !== null) row.querySelector("textarea").value = written;
  });
} catch {}
for (const row of rows) {
  row.querySelector("textarea").oninput = changed;
  row.querySelector("audio").onplay = event => {
    for (const other of document.querySelectorAll("audio")) if (other !== event.target) other.pause();
  };
  for (const button of row.querySelectorAll("button"))
    button.onclick = () => {
      row.className = row.className === button.dataset.choice ? "" : button.dataset.choice;  // again: open
      changed();
    };
}
document.getElementById("save").onclick = () => {
  const lines = ["wav_filename,wav_filesize,transcript" + (speaker ? ",speaker" : "")];
  rows.forEach((row, number) => {
    if (row.className !== "accept") return;
    const {file, size} = entries[number];
    lines.push([quoted(file), size, quoted(text(row)), ...(speaker ? [quoted(speaker)] : [])].join(","));
  });
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([lines.join("\\n") + "\\n"], {type: "text/csv"}));
  link.download = "accepted.csv";
  link.click();
  unsaved = false;
};
onbeforeunload = event => { if (unsaved) event.preventDefault(); };
show();
</script></body></html>
"""
