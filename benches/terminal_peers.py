"""What terminal programs feel like on a busy machine, measured alike, in a pseudo-terminal of 120x36.

    python3 benches/terminal_peers.py looc -- target/release/looc-tui --run RUNS/{n}
    python3 benches/terminal_peers.py leet --feed "python wandb_run.py LIVE" -- wandb leet LIVE/wandb/latest-run/
    python3 benches/terminal_peers.py leet --only-start -- wandb leet MILLION/wandb/latest-run/
    python3 benches/terminal_peers.py btop -- btop

`{n}` counts the starts. Every core is kept busy by a loop of this script; a program that trains does that itself: the
loops only join its starts. `--feed` is what the program follows; it rests in the idle part. An answer is what a key
alone brings (the selection elsewhere), not whatever happens to be drawn next.
"""
import argparse
import contextlib
import os
import random
import re
import select
import signal
import subprocess
import sys
import termios
import time
from pathlib import Path
from typing import NamedTuple

ROWS, COLUMNS = 36, 120
GAP, STILL = 0.010, 2  # seconds of silence that end a frame (the fastest draws every 16 ms); that end all drawing
REPLIES = {b"\x1b[c": b"\x1b[?62;22c", b"\x1b[6n": b"\x1b[1;1R", b"\x1b]11;?": b"\x1b]11;rgb:0000/0000/0000\x1b\\"}
NUMBERS = iter(range(1000))
BRAILLE = rb"\xe2[\xa0-\xa3][\x80-\xbf]"


class Peer(NamedTuple):
    figures: bytes  # a pattern: there is something to see
    keys: tuple  # two that undo each other
    answer: bytes  # a pattern that only their answer contains
    before: tuple = ()  # keys pressed once, before those
    pause: bytes = b""
    leave: tuple = (b"q",)
    trains: bool = False  # on every core; its screen is the main thread


PEERS = {
    "looc": Peer(rb"img/s", (b"j", b"k"), "▸".encode(), pause=b"p", leave=(b"q", b"y"), trains=True),
    "leet": Peer(BRAILLE, (b"s", b"w"), rb"48;2;252;188;50m"),  # the colour of the selected line
    "btop": Peer(BRAILLE, (b"\x1b[B", b"\x1b[A"), rb"48;2;106;47;47m", before=(b"\x1b[B",) * 2),  # here too
}


class Program:
    def __init__(self, command):
        number, self.begun = str(next(NUMBERS)), time.monotonic()
        self.pid, self.terminal = os.forkpty()
        if self.pid == 0:
            termios.tcsetwinsize(0, (ROWS, COLUMNS))
            os.environ.update(TERM="xterm-256color", COLORTERM="truecolor", LANG="C.UTF-8")
            os.execvp(command[0], [part.replace("{n}", number) for part in command])

    def heard(self, seconds):
        """What it writes next, nothing if it is silent for so long; its questions are answered."""
        if not select.select([self.terminal], [], [], max(0, seconds))[0]:
            return b""
        data = os.read(self.terminal, 65536)
        for question in filter(data.__contains__, REPLIES):
            self.press(REPLIES[question])
        return data

    def press(self, keys):
        os.write(self.terminal, keys)

    def bytes_within(self, seconds):
        end, count = time.monotonic() + seconds, 0
        while (left := end - time.monotonic()) > 0:
            count += len(self.heard(left))
        return count

    def opening(self, figures, until_still):
        """Milliseconds from the start to a byte, the end of a frame, figures, the last byte before stillness."""
        seen, times, last = b"", {}, self.begun
        while len(times) < 3 + until_still:
            data, now = self.heard(GAP), time.monotonic()
            if now > self.begun + 120:
                sys.exit(f"not open after 120 s; last heard: {seen[-500:]}")
            if data:
                seen, last = seen[-100_000:] + data, now
                times.setdefault("byte", now)
                if "figures" not in times and re.search(figures, seen):
                    times["figures"] = now
            elif len(seen) > 1000:  # more than questions to the terminal
                times.setdefault("frame", last)
                if until_still and "figures" in times and now > last + STILL:
                    times["last change"] = last
        return {name: 1e3 * (at - self.begun) for name, at in times.items()}

    def answered(self, key, answer):
        """Milliseconds from a key to its answer, at most 5 s."""
        pressed, seen = time.monotonic(), b""
        self.press(key)
        while not re.search(answer, seen) and (left := pressed + 5 - time.monotonic()) > 0:
            seen += self.heard(left)
        return 1e3 * (time.monotonic() - pressed)

    def cpu(self, main_thread):
        """Nanoseconds of CPU by thread: of its main one, or of all of it and its descendants."""
        used, family = {}, [self.pid]
        for pid in family:  # which grows meanwhile
            for task in [pid] if main_thread else os.listdir(f"/proc/{pid}/task"):
                folder = Path(f"/proc/{pid}/task/{task}")
                used[folder] = int((folder / "schedstat").read_text().split()[0])
                family += (folder / "children").read_text().split()
        return used

    def spent(self, label, seconds, main_thread):
        """Prints bytes and CPU a second; returns the former."""
        before = self.cpu(main_thread)
        rate = self.bytes_within(seconds) / seconds
        used = sum(after - before.get(task, 0) for task, after in self.cpu(main_thread).items())
        print(f"{label}: {rate:.0f} bytes/s, {used / seconds / 1e7:.2f} % of a core", flush=True)
        return rate

    def leave(self, keys):
        with contextlib.suppress(OSError):  # the terminal is closed: it has left
            for key in keys:
                self.press(key)
                self.bytes_within(1)
            while self.heard(10):
                pass
            os.killpg(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.terminal)


def end(loops):
    while loops:
        loops.pop().kill()


def starts(peer, given, label):
    rows = []
    for _ in range(given.starts):
        program = Program(given.command)
        rows.append(program.opening(peer.figures, given.only_start))
        program.leave(peer.leave)
    for name in rows[0]:
        times = sorted(row[name] for row in rows)
        print(f"start to {name}, {label}: median {times[len(times) // 2]:.1f}  max {times[-1]:.1f} ms", flush=True)


def measure(peer, given, loops, feed):
    starts(peer, given, "quiet")
    loops += [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(os.cpu_count())]
    starts(peer, given, "busy")
    if given.only_start:
        return
    program = Program(given.command)
    program.opening(peer.figures, False)
    if peer.trains:
        end(loops)
    for key in (b"", *peer.before):
        program.press(key)
        program.bytes_within(2)
    ms, chance = [], random.Random(0)
    for i in range(given.keys):
        program.bytes_within(chance.uniform(0.05, 0.15))  # so as not to keep step with its frames
        ms.append(program.answered(peer.keys[i % 2], peer.answer))
    ms.sort()
    print(f"key to answer: p50 {ms[len(ms) // 2]:.2f}  p99 {ms[len(ms) * 99 // 100]:.2f}  max {ms[-1]:.2f} ms")
    program.spent("fed", given.seconds, peer.trains)
    end(loops)
    if feed:
        os.killpg(feed.pid, signal.SIGSTOP)
    program.press(peer.pause)
    program.bytes_within(3)
    rate = program.spent("idle", given.seconds / 2, peer.trains)
    for columns in COLUMNS - 1, COLUMNS:
        termios.tcsetwinsize(program.terminal, (ROWS, columns))
        total = program.bytes_within(2) - 2 * rate
    print(f"repaint after a resize: {total:.0f} bytes")
    program.leave(peer.leave)


parser = argparse.ArgumentParser()
parser.add_argument("peer", choices=PEERS)
parser.add_argument("--feed", help="a command that writes what the program follows")
parser.add_argument("--only-start", action="store_true", help="only starts, each until nothing changes any more")
for name, default in ("starts", 5), ("keys", 100), ("seconds", 20):
    parser.add_argument(f"--{name}", type=int, default=default)
parser.add_argument("command", nargs="+")
given, loops, feed = parser.parse_args(), [], None
if given.feed:
    feed = subprocess.Popen(given.feed.split(), start_new_session=True, stdout=subprocess.DEVNULL)
    time.sleep(5)
try:
    measure(PEERS[given.peer], given, loops, feed)
finally:
    end(loops)
    if feed:
        for number in signal.SIGINT, signal.SIGCONT:
            os.killpg(feed.pid, number)
        feed.wait()
