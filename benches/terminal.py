"""What the screen feels like while it trains: time from a key to the first byte of an answer, bytes, CPU.

    cargo build --release && python3 benches/terminal.py target/release/looc-tui RUN

The program runs in a pseudo-terminal of 120x36, the quickstart training on every core.
"""
import fcntl
import os
import pty
import select
import struct
import sys
import termios
import time

KEYS = 200
program, run = sys.argv[1:]
child, master = pty.fork()
if child == 0:
    os.environ["TERM"] = "xterm-256color"
    os.execv(program, [program, "--run", run])
fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", 36, 120, 0, 0))


def heard(seconds):
    return os.read(master, 65536) if select.select([master], [], [], seconds)[0] else b""


def total(seconds):
    end, count = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        count += len(heard(0.1))
    return count / seconds


def cpu():
    used = {}
    for task in os.listdir(f"/proc/{child}/task"):
        name, fields = open(f"/proc/{child}/task/{task}/stat").read().split("(", 1)[1].rsplit(")", 1)
        fields = fields.split()
        used[name] = used.get(name, 0) + (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return used


start = time.monotonic()
heard(10)
print(f"start to first byte {1e3 * (time.monotonic() - start):.1f} ms")
seen = b""
while b"img/s" not in seen:
    seen += heard(1)
total(5)
times = []
for i in range(KEYS):
    while heard(0.03):  # so that what is heard next is the answer
        pass
    pressed = time.monotonic()
    os.write(master, b"jk"[i % 2:i % 2 + 1])
    while not heard(5):
        pass
    times.append(1e3 * (time.monotonic() - pressed))
times.sort()
print(f"key to first byte: p50 {times[KEYS // 2]:.2f}  p99 {times[KEYS * 99 // 100]:.2f}  max {times[-1]:.2f} ms")
before, bytes_a_second = cpu(), total(20)
after = cpu()
print(f"training: {bytes_a_second:.0f} bytes/s; % of a core:",
      {name: round(5 * (after[name] - before.get(name, 0)), 2) for name in after})
os.write(master, b"p")
total(2)
print(f"paused: {total(10):.0f} bytes/s")
os.write(master, b"q")
total(1)
os.write(master, b"y")
try:
    while heard(5):
        pass
except OSError:
    pass
os.waitpid(child, 0)
