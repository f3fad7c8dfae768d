"""Pictures of the screen for the README: what tmux holds, cell by cell, as a PNG.

    pip install pillow matplotlib
    tmux new-session -d -s looc -x 120 -y 36 'COLORTERM=truecolor looc-tui'
    python3 assets/capture.py looc assets/train.png

The letters are DejaVu Sans Mono's (it comes with matplotlib); blocks, frames and braille are drawn here, so
that they meet as they do in a terminal.
"""
import re
import subprocess
import sys

import matplotlib
from PIL import Image, ImageDraw, ImageFont

W, H = 10, 20
GROUND, INK = (16, 18, 24), (208, 212, 220)
FONTS = matplotlib.get_data_path() + "/fonts/ttf/DejaVuSansMono"
REGULAR, BOLD = (ImageFont.truetype(FONTS + name, 16) for name in (".ttf", "-Bold.ttf"))
SIXTEEN = [(0, 0, 0), (205, 49, 49), (13, 188, 121), (229, 229, 16), (36, 114, 200), (188, 63, 188), (17, 168, 205),
           (229, 229, 229)]
# Up, right, down, left: 0 none, 1 thin, 2 thick.
LINES = {"─": "0101", "│": "1010", "┌": "0110", "┐": "0011", "└": "1100", "┘": "1001", "┤": "1011", "━": "0202",
         "┃": "2020", "┏": "0220", "┓": "0022", "┗": "2200", "┛": "2002"}


def color(codes):
    kind = codes.pop(0)
    if kind == 2:
        return tuple(codes.pop(0) for _ in range(3))
    n = codes.pop(0)
    if n < 16:
        return SIXTEEN[n % 8]
    if n < 232:
        return tuple(0 if v == 0 else 55 + 40 * v for v in ((n - 16) // 36, (n - 16) // 6 % 6, (n - 16) % 6))
    return (8 + 10 * (n - 232),) * 3


def cells(text):
    """Letter, ink, ground, bold, dim of every column of every line. What a line ends with holds on in the next."""
    ink, ground, bold, dim, turned = None, None, False, False, False
    rows = [[]]
    for codes, letter in re.findall(r"(?:\x1b\[([0-9;]*)m)|([^\x1b])", text):
        if letter == "\n":
            rows.append([])
            continue
        if letter:
            colours = (ground or GROUND, ink or INK) if turned else (ink or INK, ground)
            rows[-1].append((letter, *colours, bold, dim))
            continue
        rest = [int(c or 0) for c in codes.split(";")]
        while rest:
            code = rest.pop(0)
            if code == 0:
                ink, ground, bold, dim, turned = None, None, False, False, False
            elif code == 1:
                bold = True
            elif code == 2:
                dim = True
            elif code in (7, 27):
                turned = code == 7
            elif code == 22:
                bold = dim = False
            elif 30 <= code < 38:
                ink = SIXTEEN[code - 30]
            elif 90 <= code < 98:
                ink = SIXTEEN[code - 90]
            elif code == 39:
                ink = None
            elif code == 49:
                ground = None
            elif code == 38:
                ink = color(rest)
            elif code == 48:
                ground = color(rest)
    return rows


def draw_cell(draw, x, y, letter, ink, bold):
    middle = (x + W // 2, y + H // 2)
    if letter in LINES:
        for (dx, dy), thick in zip(((0, -1), (1, 0), (0, 1), (-1, 0)), map(int, LINES[letter])):
            if thick:
                end = (middle[0] + dx * W // 2, middle[1] + dy * H // 2)
                draw.line([middle, end], ink, 1 if thick == 1 else 3)
    elif letter in "▀▄█" or "▁" <= letter <= "▇":
        eighths = 8 if letter == "█" else 4 if letter in "▀▄" else ord(letter) - ord("▁") + 1
        top = y if letter == "▀" else y + H - H * eighths // 8
        draw.rectangle([x, top, x + W - 1, top + H * eighths // 8 - 1], ink)
    elif "⠀" <= letter <= "⣿":
        for bit in range(8):
            if ord(letter) - 0x2800 >> bit & 1:
                column, row = (bit // 3, bit % 3) if bit < 6 else (bit - 6, 3)
                cx, cy = x + 2 + column * 5, y + 2 + row * 5
                draw.ellipse([cx - 1, cy - 1, cx + 1, cy + 1], ink)
    else:
        draw.text((x, y), letter, ink, BOLD if bold else REGULAR)


def main(session, out):
    text = subprocess.run(["tmux", "capture-pane", "-e", "-p", "-t", session], capture_output=True, check=True).stdout
    rows = cells(text.decode().rstrip("\n"))
    picture = Image.new("RGB", (W * max(map(len, rows)) + 2 * W, H * len(rows) + H), GROUND)
    draw = ImageDraw.Draw(picture)
    for j, row in enumerate(rows):
        for i, (letter, ink, ground, bold, dim) in enumerate(row):
            x, y = W + i * W, H // 2 + j * H
            if ground:
                draw.rectangle([x, y, x + W - 1, y + H - 1], ground)
            if dim:
                ink = tuple((a + b) // 2 for a, b in zip(ink, GROUND))
            if letter != " ":
                draw_cell(draw, x, y, letter, ink, bold)
    picture.quantize(256).save(out, optimize=True)


main(*sys.argv[1:])
