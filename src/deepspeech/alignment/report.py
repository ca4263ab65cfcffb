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

from deepspeech.alignment.clips import Clip
from deepspeech.alignment.result import Alignment

WIDTH, HEIGHT = 1200, 160
LOWEST = -4.0  # score at the bottom of the picture
_GOOD, _DOUBTFUL, _FOREIGN = "#2a7", "#d63", "#bbb"


@dataclass(frozen=True)
class Doubtful:
    """A clip that was left out, as a file."""

    clip: Clip
    file: str  # relative to the page
    size_bytes: int
    sound: bytes  # to listen to
    sound_type: str  # its MIME type


def picture(alignment: Alignment, clips: Sequence[Clip]) -> str:
    """The scores of clips over time, as SVG: kept ones green, others orange, sound that is not in the text grey."""
    scale = WIDTH / max(alignment.duration_s, 1e-3)
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT + 20}" role="img">']
    parts.append(f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#f6f6f4"/>')
    for one in alignment.foreign:
        parts.append(_bar(one.start_s, one.end_s, scale, 0, _FOREIGN, f"not in the text: {one.heard}"))
    for clip in clips:
        title = f"{_clock(clip.start_s)} {clip.score:.2f} {clip.written}" + (f" ({clip.reason})" if clip.reason else "")
        top = HEIGHT * min(1.0, clip.score / LOWEST)
        parts.append(_bar(clip.start_s, clip.end_s, scale, top, _DOUBTFUL if clip.reason else _GOOD, title))
    for tenth in range(11):
        x = tenth * WIDTH / 10
        anchor = ("start", "middle", "end")[(tenth > 0) + (tenth == 10)]
        time = _clock(tenth * alignment.duration_s / 10)
        parts.append(f'<text x="{x:.0f}" y="{HEIGHT + 15}" font-size="11" text-anchor="{anchor}">{time}</text>')
    return "".join([*parts, "</svg>"])


def _bar(start_s: float, end_s: float, scale: float, top: float, color: str, title: str) -> str:
    top = min(top, HEIGHT - 3)
    place = f'x="{start_s * scale:.1f}" width="{max(1.0, (end_s - start_s) * scale):.1f}" y="{top:.1f}"'
    title = html.escape(title)
    return f'<rect {place} height="{HEIGHT - top:.1f}" fill="{color}"><title>{title}</title></rect>'


def page(alignment: Alignment, clips: Sequence[Clip], doubtful: Sequence[Doubtful], name: str) -> str:
    """The whole page."""
    entries = [{"file": one.file, "size": one.size_bytes} for one in doubtful]
    parts = {
        "TITLE": html.escape(name),
        "SUMMARY": "".join(f"<li>{html.escape(line)}</li>" for line in summary(alignment, clips)),
        "PICTURE": picture(alignment, clips),
        "MISSING": "".join(f"<li>{html.escape(one.text)}</li>" for one in alignment.missing),
        "ENTRIES": json.dumps(entries).replace("<", "\\u003c"),
        "ROWS": "".join(_row(number, one) for number, one in enumerate(doubtful)),
    }
    return re.sub("@([A-Z]+)@", lambda found: parts[found[1]], _PAGE)


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
        foreign_s = sum(one.end_s - one.start_s for one in alignment.foreign)
        yield f"{foreign_s:.1f} s of sound is not in the text, in {len(alignment.foreign)} places"


def _row(number: int, one: Doubtful) -> str:
    clip, sound = one.clip, base64.b64encode(one.sound).decode()
    score = "" if clip.score == -math.inf else f"{clip.score:.2f}"
    return (
        f'<tr data-clip="{number}"><td>{_clock(clip.start_s)}</td><td>{score}</td><td>{html.escape(clip.reason)}</td>'
        f'<td><audio controls preload="none" src="data:{one.sound_type};base64,{sound}"></audio></td>'
        f'<td><input value="{html.escape(clip.text)}" title="{html.escape(clip.written)}"></td>'
        '<td><button data-choice="accept">accept</button> <button data-choice="reject">reject</button></td></tr>'
    )


def _clock(seconds: float) -> str:
    minutes, left = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{left:02}" if hours else f"{minutes}:{left:02}"


_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>@TITLE@</title>
<meta http-equiv="Content-Security-Policy"
 content="default-src 'none'; media-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
<style>
body { font: 15px sans-serif; margin: 2em auto; max-width: 1200px; color: #222 }
svg { width: 100% } td { padding: .2em .6em } input { width: 30em; font: inherit }
tr.accept { background: #dfd } tr.reject { background: #fdd }
</style></head><body>
<h1>@TITLE@</h1>
<ul>@SUMMARY@</ul>
@PICTURE@
<details><summary>Sentences that are not in the sound</summary><ul>@MISSING@</ul></details>
<h2>Doubtful clips</h2>
<p>Listen, correct the transcript if you wish, then accept or reject. Save writes <code>accepted.csv</code>:
put it beside this page; it is a data set like clips.csv.</p>
<p><button id="save">Save accepted.csv</button> <span id="count"></span></p>
<table>@ROWS@</table>
<script>
const entries = @ENTRIES@;
const rows = [...document.querySelectorAll("tr[data-clip]")];
const quoted = text => '"' + text.replaceAll('"', '""') + '"';
function count() {
  const of = choice => rows.filter(row => row.className === choice).length;
  document.getElementById("count").textContent =
    `${of("accept")} accepted, ${of("reject")} rejected, ${of("")} open`;
}
for (const row of rows) for (const button of row.querySelectorAll("button"))
  button.onclick = () => { row.className = button.dataset.choice; count(); };
document.getElementById("save").onclick = () => {
  const lines = ["wav_filename,wav_filesize,transcript"];
  for (const row of rows) if (row.className === "accept") {
    const entry = entries[row.dataset.clip];
    lines.push([quoted(entry.file), entry.size, quoted(row.querySelector("input").value.trim())].join(","));
  }
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([lines.join("\\n") + "\\n"], {type: "text/csv"}));
  link.download = "accepted.csv";
  link.click();
};
count();
</script></body></html>
"""
