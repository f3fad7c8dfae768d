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


def listen():
    global heard
    if time.monotonic() > deadline:
        sys.exit(f"it takes more than 300 s; the end: {heard[-500:]!r}")
    if select.select([master], [], [], 0.2)[0]:
        heard += os.read(master, 65536)


def until(word):
    """Of a frame only what has changed is sent: the word must be one that is drawn anew."""
    global heard
    while word not in heard:
        listen()
    heard = b""


def journal():
    return open(os.path.join(run, "journal.jsonl")).read()


until(b"Augmentations")
os.write(master, b"jj ")
until(b"color off")
os.write(master, b" ")
while '"reason":"finished"' not in journal():
    listen()
os.write(master, b"q")
until(b"\x1b")
os.write(master, b"y")
until(b"\x1b[?1049l")
_, status = os.waitpid(child, 0)
code = os.waitstatus_to_exitcode(status)
edits = journal().count('"kind":"edit"')
print(f"left with code {code} after {edits} edits by key")
sys.exit(code != 0 or edits != 2)
