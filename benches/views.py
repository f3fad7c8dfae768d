"""A view beside torchvision's: both run in turns, on one core each, so that what else the machine does falls on both.

    cargo build --release && python3 benches/views.py target/release/looc-tui PYTHON [--rounds 5] [--side 32]

PYTHON is an interpreter that has torch and torchvision. Of the kinds of images that torchvision takes the fastest counts.
A ratio above 1 is in our favour.
"""
import json
import pathlib
import statistics
import subprocess
import sys

import turns

PEER = pathlib.Path(__file__).with_name("views_peer.py")


def arguments():
    p = turns.parser(__doc__, "torch and torchvision", 900)
    p.add_argument("--side", type=turns.count, default=32, metavar="N", help="pixels of an image's side")
    p.add_argument("--images", type=turns.count, default=500, metavar="N", help="of a pass of the peer")
    return p.parse_args()


def run(command, timeout):
    """The figures that a program prints, a line each."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=timeout)
    except subprocess.TimeoutExpired:
        sys.exit(f"{command[0]}: not done within {timeout} s")
    except OSError as error:
        sys.exit(str(error))
    if done.returncode:
        sys.exit(f"{command[0]}: {turns.why(done)}")
    return [json.loads(line) for line in done.stdout.splitlines()]


def main():
    a = arguments()
    side = ["--side", str(a.side)]
    ours = [a.program, "bench", "--views", "--json", *side]
    peer = [a.python, str(PEER), *side, "--images", str(a.images)]
    runs = {}
    for turn in range(a.rounds):
        for command in [ours, peer][:: -1 if turn % 2 else 1]:
            for figures in run(command, a.timeout):
                runs.setdefault(figures["peer"], []).append(figures["us_per_view"])
                print(f"{turn + 1}/{a.rounds} {figures['peer']:40}{figures['us_per_view']:10.1f} µs", flush=True)
    medians = {name: statistics.median(times) for name, times in runs.items()}
    own = next(name for name in medians if name.startswith("looc-tui"))
    print(f"\n| one view, {a.side}×{a.side} | µs | ratio |\n|---|---|---|")
    for name, time in medians.items():
        print(f"| {name} | {time:.1f} | {'' if name == own else f'{time / medians[own]:.1f}'} |")
    best = min(time for name, time in medians.items() if name != own)
    print(f"\nMedians; rounds: {a.rounds}. The fastest peer takes {best / medians[own]:.1f} times as long.")


if __name__ == "__main__":
    main()
