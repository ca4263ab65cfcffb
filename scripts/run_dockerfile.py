"""Execute the steps of a Dockerfile without Docker: each stage in a Debian tree of its own, by chroot.

    python3 scripts/run_dockerfile.py Dockerfile.serve --bind .:/checkout --then 'deepspeech doctor'

In: a Dockerfile (FROM, ARG, ENV, SHELL, WORKDIR, USER, COPY, RUN, CMD, ENTRYPOINT, EXPOSE, HEALTHCHECK; anything else
is refused). Out: trees below build/docker, and the output of every step; the first step that fails ends it. The image's
own command must end well at the end; with a HEALTHCHECK it is a server, which must become healthy and end well on
SIGTERM. It needs root and debootstrap. Every base image is replaced by Debian bookworm, so what a base brings of its
own, such as CUDA, is not proved. What the machine needs to reach its registries is bound in and set from outside
(--bind, --env) and is no part of the image.
"""

import argparse
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

HEALTHY_S, STOP_S = 120, 60  # until a server answers; from SIGTERM to its end
SUITE, MIRROR = "bookworm", "http://deb.debian.org/debian"
FOLDER = Path("build/docker")
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class DockerfileError(Exception):
    """A step that cannot be read or failed."""


@dataclass(frozen=True)
class Step:
    """One instruction: its name in capitals, what follows, and its line."""

    name: str
    text: str
    line: int


def parse(content: str) -> list[Step]:
    """The instructions of a Dockerfile; comments are dropped, continued lines joined."""
    steps: list[Step] = []
    begun, first = "", 0
    for number, row in enumerate(content.splitlines(), 1):
        if row.lstrip().startswith("#") or (not row.strip() and not begun):
            continue
        first = number if not begun else first
        begun += row.rstrip().removesuffix("\\")
        if row.rstrip().endswith("\\"):
            continue
        name, _, text = begun.strip().partition(" ")
        steps.append(Step(name.upper(), " ".join(text.split()) if name.upper() != "RUN" else text.strip(), first))
        begun = ""
    if begun:
        raise DockerfileError(f"line {first}: the file ends in the middle of a step")
    return steps


@dataclass
class Stage:
    """A tree being built, and what later steps take over from earlier ones."""

    root: Path
    variables: dict[str, str] = field(default_factory=lambda: {"PATH": PATH})
    arguments: dict[str, str] = field(default_factory=dict)
    shell: list[str] = field(default_factory=lambda: ["/bin/sh", "-c"])
    folder: str = "/"
    user: str = "0"
    entry: list[str] = field(default_factory=list)
    command: list[str] = field(default_factory=list)
    check: list[str] = field(default_factory=list)

    def home(self) -> str:
        """The user's home, as Docker sets it: that of /etc/passwd."""
        file = self.root / "etc/passwd"
        rows = [row.split(":") for row in file.read_text().splitlines()] if file.is_file() else []
        return next((row[5] for row in rows if self.user in (row[0], row[2])), "/")

    def expand(self, text: str) -> str:
        known = self.arguments | self.variables
        return re.sub(r"\$(?:\{(\w+)\}|(\w+))", lambda found: known.get(found[1] or found[2], ""), text)


class Builder:
    """Executes steps in order. `binds` are (path here, path in the tree), `extra` are variables set in every step."""

    def __init__(self, folder: Path, context: Path, binds: Sequence[tuple[Path, str]], extra: dict[str, str]) -> None:
        self.folder, self.context, self.binds, self.extra = folder, context, binds, extra
        self.stages: dict[str, Stage] = {}
        self.stage: Stage | None = None

    def build(self, steps: Sequence[Step]) -> Stage:
        """The last stage, finished."""
        for number, step in enumerate(steps, 1):
            print(f"[{number}/{len(steps)}] {step.name} {step.text[:100]}", flush=True)
            action = getattr(self, f"_{step.name.lower()}", None)
            if action is None or (self.stage is None and step.name != "FROM"):
                raise DockerfileError(f"line {step.line}: {step.name} is unknown, or comes before FROM")
            started_s = time.monotonic()
            action(step)
            if step.name == "RUN":
                print(f"    {time.monotonic() - started_s:.0f} s", flush=True)
        if self.stage is None:
            raise DockerfileError("there is no FROM")
        return self.stage

    def execute(self, stage: Stage, command: Sequence[str]) -> int:
        """Exit code of a command in the tree."""
        return self.start(stage, command).wait()

    def serve(self, stage: Stage) -> int:
        """Exit code of the image's command after SIGTERM, once it is healthy. Raises DockerfileError."""
        server, end_s = self.start(stage, [*stage.entry, *stage.command]), time.monotonic() + HEALTHY_S
        try:
            while self.start(stage, stage.check, quiet=True).wait():
                if server.poll() is not None or time.monotonic() > end_s:
                    raise DockerfileError(f"{shlex.join(stage.command)}: never healthy")
                time.sleep(1)
            print("    healthy", flush=True)
            (inner,) = Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text().split()
            os.kill(int(inner), signal.SIGTERM)
            return server.wait(STOP_S)
        finally:
            server.kill()

    def start(self, stage: Stage, command: Sequence[str], quiet: bool = False) -> "subprocess.Popen[bytes]":
        """Start a command in the tree, with /proc, /dev and the binds mounted for as long as it runs."""
        root = stage.root.resolve()
        proc, devices = shlex.quote(f"{root}/proc"), shlex.quote(f"{root}/dev")
        mounts = [f"mount -t proc proc {proc}", f"mount --rbind /dev {devices}"]
        for here, there in self.binds:
            target = root / there.lstrip("/")
            if here.is_dir():
                target.mkdir(parents=True, exist_ok=True)
            elif not target.exists():
                target.parent.mkdir(parents=True, exist_ok=True)
                target.touch()
            mounts.append(f"mount --bind {shlex.quote(str(here.resolve()))} {shlex.quote(str(target))}")
        variables = {"HOME": stage.home()} | stage.arguments | stage.variables | self.extra
        settings = [f"{name}={value}" for name, value in variables.items()]
        enter = ["chroot", f"--userspec={stage.user}:{stage.user}", str(root), "env", "-i", *settings]
        enter += ["/bin/sh", "-c", 'cd "$0" && exec "$@"', stage.folder, *command]
        script = " && ".join([*mounts, "exec " + shlex.join(enter)])
        enter = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c", script]
        return subprocess.Popen(enter, stderr=subprocess.DEVNULL if quiet else None)

    @property
    def _now(self) -> Stage:
        assert self.stage is not None
        return self.stage

    def _from(self, step: Step) -> None:
        base, _, name = re.sub(r"--platform=\S+ ", "", step.text).partition(" AS ")
        name = (name or f"stage-{len(self.stages)}").strip()
        root = self.folder / "stages" / name
        shutil.rmtree(root, ignore_errors=True)
        root.parent.mkdir(parents=True, exist_ok=True)
        origin = self.stages[base].root if base in self.stages else debian()
        subprocess.run(["cp", "-a", str(origin), str(root)], check=True)
        for file in ("resolv.conf", "hosts"):
            shutil.copyfile(f"/etc/{file}", root / "etc" / file)
        self.stage = self.stages[name] = Stage(root)
        if base not in self.stages:
            print(f"    Debian {SUITE} in the place of {base}", flush=True)

    def _arg(self, step: Step) -> None:
        name, _, value = step.text.partition("=")
        self._now.arguments[name] = self._now.expand(value.strip("\"'"))

    def _env(self, step: Step) -> None:
        for part in shlex.split(step.text):
            name, _, value = part.partition("=")
            self._now.variables[name] = self._now.expand(value)

    def _shell(self, step: Step) -> None:
        self._now.shell = json.loads(step.text)

    def _workdir(self, step: Step) -> None:
        self._now.folder = os.path.join(self._now.folder, self._now.expand(step.text))
        (self._now.root / self._now.folder.lstrip("/")).mkdir(parents=True, exist_ok=True)

    def _user(self, step: Step) -> None:
        self._now.user = step.text.split(":")[0]

    def _copy(self, step: Step) -> None:
        words = shlex.split(self._now.expand(step.text))
        source = self.context
        if words[0].startswith("--from="):
            source = self.stages[words.pop(0).removeprefix("--from=")].root
        target = self._now.root / os.path.join(self._now.folder, words[-1]).lstrip("/")
        for word in words[:-1]:
            origin = source / word.lstrip("/")
            into = target / origin.name if words[-1].endswith("/") and not origin.is_dir() else target
            into.parent.mkdir(parents=True, exist_ok=True)
            subprocess.run(["cp", "-a", f"{origin}/." if origin.is_dir() else str(origin), str(into)], check=True)

    def _run(self, step: Step) -> None:
        if code := self.execute(self._now, [*self._now.shell, step.text]):
            raise DockerfileError(f"line {step.line}: the step ended with {code}")

    def _entrypoint(self, step: Step) -> None:
        self._now.entry = json.loads(step.text)

    def _expose(self, step: Step) -> None:
        """Ports are those of this machine."""

    def _healthcheck(self, step: Step) -> None:
        self._now.check = json.loads(step.text.partition("CMD ")[2])

    def _cmd(self, step: Step) -> None:
        self._now.command = json.loads(step.text)


def debian() -> Path:
    """A bare Debian tree, made once."""
    root = FOLDER / "debian"
    if not (root / "bin/sh").exists():
        shutil.rmtree(root, ignore_errors=True)
        root.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(["debootstrap", "--variant=minbase", SUITE, str(root), MIRROR], check=True)
    return root


def main() -> int:
    parser = argparse.ArgumentParser(description="Execute the steps of a Dockerfile without Docker.")
    parser.add_argument("file", type=Path)
    parser.add_argument("--context", type=Path, default=Path("."), help="what COPY copies from")
    parser.add_argument("--bind", action="append", default=[], help="HERE:THERE, a path that every step sees")
    parser.add_argument("--env", action="append", default=[], help="NAME=VALUE, set in every step")
    parser.add_argument("--then", action="append", default=[], help="a shell command to run in the finished image")
    given = parser.parse_args()
    binds = [(Path(here), there or here) for here, _, there in (text.partition(":") for text in given.bind)]
    extra = dict(text.split("=", 1) for text in given.env)
    builder = Builder(FOLDER, given.context, binds, extra)
    try:
        stage = builder.build(parse(given.file.read_text(encoding="utf-8")))
        whole = [*stage.entry, *stage.command]
        for command in ([whole] if stage.entry else []) + [["/bin/sh", "-c", text] for text in given.then]:
            print(f"[then] {shlex.join(command)}", flush=True)
            served = command is whole and stage.check
            if code := builder.serve(stage) if served else builder.execute(stage, command):
                raise DockerfileError(f"{shlex.join(command)}: ended with {code}")
    except (DockerfileError, subprocess.CalledProcessError, OSError) as error:
        print(f"{given.file}: {error}", file=sys.stderr)
        return 1
    size = subprocess.run(["du", "-sm", str(stage.root)], capture_output=True, text=True, check=True).stdout.split()[0]
    print(f"{given.file}: every step ended well; the tree holds {size} MB, Debian's {SUITE} included")
    return 0


if __name__ == "__main__":
    sys.exit(main())
