"""Starts the program in a pseudo-terminal, lets it train to the end, and leaves by keys."""
import fcntl
import os
import pty
import select
import struct
import sys
import termios
import time

program, run = sys.argv[1:]
child, master = pty.fork()
if child == 0:
    os.environ["TERM"] = "xterm-256color"
    os.execv(program, [program, "--steps", "40", "--run", run])
fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", 36, 120, 0, 0))
heard, deadline = b"", time.monotonic() + 300


def until(*words):
    global heard
    while not any(word in heard for word in words):
        if time.monotonic() > deadline:
            sys.exit(f"none of {words} within 300 s; the end: {heard[-500:]!r}")
        if select.select([master], [], [], 1)[0]:
            heard += os.read(master, 65536)
    heard = b""


until("Augmentations".encode())
os.write(master, b"jj ")
until("color off".encode())
os.write(master, b" ")
until("FINISHED".encode())
os.write(master, b"q")
until("Leave?".encode())
os.write(master, b"y")
until(b"\x1b[?1049l")
_, status = os.waitpid(child, 0)
code = os.waitstatus_to_exitcode(status)
edits = sum('"kind":"edit"' in line for line in open(os.path.join(run, "journal.jsonl")))
print(f"left with code {code} after {edits} edits by key")
sys.exit(code != 0 or edits != 2)
