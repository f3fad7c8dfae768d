"""Whether training keeps its pace while its terminal or a viewer misbehaves, interleaved with undisturbed times of the
same run.

    python3 benches/undisturbed.py target/release/looc-tui
    python3 benches/undisturbed.py target/release/looc-tui unread --minutes 20

The quickstart trains with its screen in a pseudo-terminal of 120x36. For some minutes a kind, a disturbance is off and on
in turn: `nothing` tells how much such times differ by themselves, `sizes` changes the window's size 1,000 times a second,
`unread` reads nothing of what the screen draws, `deaf` attaches viewers that read nothing, a new one as soon as one was
dropped. A pace is steps by the run's own log; each is compared with the mean of those before and after it.
"""
import argparse
import contextlib
import fcntl
import json
import os
import select
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time
from pathlib import Path
from statistics import median
from typing import NamedTuple

ROWS, COLUMNS = 36, 120
SETTLING = 0.3  # seconds between two paces
SIZES = 1000  # a second


class Span(NamedTuple):
    begun: float
    ended: float
    training: float  # seconds of processor time
    others: float


class Run:
    def __init__(self, program, folder):
        self.run, self.reads = Path(folder) / "run", threading.Event()
        self.reads.set()
        self.child, self.terminal = os.forkpty()
        if self.child == 0:
            self.size(0, ROWS, COLUMNS)
            os.environ.update(TERM="xterm-256color")
            sets = ["--set", "train.epochs=10000", "--set", "eval.every=0"]
            os.execv(program, [program, "--run", str(self.run), *sets])
        threading.Thread(target=self.read, daemon=True).start()
        self.began = float("inf")
        while len(self.steps()) < 30:
            time.sleep(0.1)

    @staticmethod
    def size(terminal, rows, columns):
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def read(self):
        try:
            while self.reads.wait() and select.select([self.terminal], [], []):
                if self.reads.is_set():
                    os.read(self.terminal, 65536)
        except OSError:
            pass  # it has ended

    def steps(self):
        """Times of the steps in the log, by this process's clock: no line of it is from the future."""
        try:
            rows = [json.loads(row) for row in (self.run / "metrics.jsonl").read_bytes().split(b"\n")[:-1] if b'"loss"' in row]
        except FileNotFoundError:
            rows = []
        if rows:
            self.began = min(self.began, time.monotonic() - rows[-1]["time"])
        return [self.began + row["time"] for row in rows]

    def cpu(self):
        """Seconds of processor time: of the threads that train, and of the others."""
        used = [0, 0]
        for task in Path(f"/proc/{self.child}/task").iterdir():
            with contextlib.suppress(OSError):  # it has ended meanwhile
                trains = (task / "comm").read_text().startswith(("looc-train", "looc-compute", "loader"))
                used[not trains] += int((task / "schedstat").read_text().split()[0]) / 1e9
        return used

    def span(self, seconds):
        """A while that is counted later; the log reaches the disk within a second."""
        time.sleep(SETTLING)
        begun, before = time.monotonic(), self.cpu()
        time.sleep(seconds)
        ended, after = time.monotonic(), self.cpu()
        return Span(begun, ended, *(max(0, late - early) for late, early in zip(after, before)))

    def end(self):
        self.reads.set()
        os.kill(self.child, signal.SIGTERM)
        return os.waitstatus_to_exitcode(os.waitpid(self.child, 0)[1])


class Sizes:
    """Another size 1,000 times a second, among them none and one cell."""
    def __init__(self, run):
        self.run, self.on, self.count = run, True, 0
        self.thread = threading.Thread(target=self.storm)
        self.begun = time.monotonic()
        self.thread.start()

    def storm(self):
        sizes = [(36, 120), (0, 0), (1, 1), (2, 500), (24, 80)] + [(1 + 7 * i % 60, 1 + 13 * i % 200) for i in range(45)]
        while self.on:
            Run.size(self.run.terminal, *sizes[self.count % len(sizes)])
            self.count += 1
            time.sleep(max(0, self.begun + self.count / SIZES - time.monotonic()))

    def off(self):
        self.on = False
        self.thread.join()
        Run.size(self.run.terminal, ROWS, COLUMNS)
        return f"{self.count / (time.monotonic() - self.begun):.0f} sizes a second"


class Unread:
    def __init__(self, run):
        self.run = run
        run.reads.clear()
        os.write(run.terminal, b"r" * 50)  # painted whole, until the screen waits

    def off(self):
        self.run.reads.set()
        return "nothing read"


class Deaf:
    """Viewers that do not read."""
    def __init__(self, run):
        self.run, self.on, self.dropped = run, True, 0
        self.thread = threading.Thread(target=self.attach)
        self.thread.start()

    @staticmethod
    def frame(message):
        text = json.dumps(message).encode()
        return struct.pack("<I", len(text)) + text

    def attach(self):
        version = subprocess.run([given.program, "--version"], capture_output=True, text=True).stdout.split()[1]
        while self.on:
            with socket.socket(socket.AF_UNIX) as viewer:
                viewer.connect(str(self.run.run / "socket"))
                viewer.sendall(self.frame({"looc": 1, "version": version}))
                while self.on:
                    time.sleep(0.05)
                    if self.closed(viewer):
                        self.dropped += 1
                        break

    @staticmethod
    def closed(viewer):
        poll = select.poll()
        poll.register(viewer, select.POLLHUP)
        return any(event & select.POLLHUP for _, event in poll.poll(0))

    def off(self):
        self.on = False
        self.thread.join()
        return f"{self.dropped} dropped"


class Nothing:
    def __init__(self, run):
        pass

    def off(self):
        return "nothing done"


class Kind(NamedTuple):
    disturbance: type
    seconds: float


KINDS = {"nothing": Kind(Nothing, 5), "sizes": Kind(Sizes, 5), "unread": Kind(Unread, 60), "deaf": Kind(Deaf, 12)}
parser = argparse.ArgumentParser()
parser.add_argument("program")
parser.add_argument("kinds", nargs="*", metavar="kind", help=", ".join(KINDS))
parser.add_argument("--minutes", type=float, default=5)
given = parser.parse_intermixed_args()
given.program = str(Path(given.program).resolve())


def measure(run, name, kind):
    spans, told = [run.span(kind.seconds)], []
    for _ in range(max(2, round(given.minutes * 30 / kind.seconds))):
        disturbance = kind.disturbance(run)
        spans.append(run.span(kind.seconds))
        told.append(disturbance.off())
        run.steps()
        spans.append(run.span(kind.seconds))
    time.sleep(1.5)
    steps = run.steps()
    made = [sum(it.begun < step <= it.ended for step in steps) for it in spans]
    paces = [count / (it.ended - it.begun) for count, it in zip(made, spans)]
    costs = [1e3 * it.training / max(1, count) for count, it in zip(made, spans)]
    beside = [100 * it.others / (it.ended - it.begun) for it in spans]
    parts = sorted(200 * now / (before + after) for before, now, after in zip(paces[::2], paces[1::2], paces[2::2]))
    print(f"{name} ({told[-1]}): {median(paces[::2]):.2f} steps/s without, {median(paces[1::2]):.2f} with it; of those around"
          f" it {median(parts):.1f} % (median of {len(parts)}, quartiles {parts[len(parts) // 4]:.1f} and"
          f" {parts[len(parts) * 3 // 4]:.1f})\n  processor time: {median(costs[::2]):.1f} ms a step without, {median(costs[1::2]):.1f}"
          f" with it; beside training {median(beside[::2]):.1f} and {median(beside[1::2]):.1f} % of a core", flush=True)


with tempfile.TemporaryDirectory() as folder:
    run = Run(given.program, folder)
    for name in given.kinds or KINDS:
        measure(run, name, KINDS[name])
    code = run.end()
if code != 130:
    sys.exit(f"it ended with {code}")
