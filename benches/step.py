"""A training step beside PyTorch's: both run in turns, so that what else the machine does falls on both.

    cargo build --release && python3 benches/step.py target/release/looc-tui PYTHON [--rounds 5]

PYTHON is an interpreter that has torch. Of the peer's modes the best counts, in each column by itself.
A ratio above 1 is in our favour.
"""
import argparse
import json
import os
import pathlib
import statistics
import subprocess

import turns

PEER = pathlib.Path(__file__).with_name("peer.py")
IMAGENET = "--backbone resnet50 --stem imagenet --width 64 --batch 16 --heads 2"
# The arguments that both understand; fewer steps where one takes long.
CASES = {
    "w16h2": "--width 16 --batch 128 --heads 2 --steps 12",
    "w16h3": "--width 16 --batch 128 --heads 3 --steps 12",
    "w32": "--width 32 --batch 128 --heads 2 --steps 6",
    "w64": "--width 64 --batch 64 --heads 2 --steps 4",
    "r50-64": f"{IMAGENET} --side 64 --steps 6",
    "r50-224": f"{IMAGENET} --side 224 --steps 2",
}
MODES = ["eager", "compile"]
FIGURES = ["step_ms", "peak_rss_mb", "first_step_s"]


def names(allowed):
    def parse(text):
        for name in text.split(","):
            if name not in allowed:
                raise argparse.ArgumentTypeError(f"{name} is none of {', '.join(allowed)}")
        return text.split(",")
    return parse


def arguments():
    p = turns.parser(__doc__, "torch", 1800)
    p.add_argument("--case", type=names(CASES), default=list(CASES), metavar="A,B", help=", ".join(CASES))
    p.add_argument("--modes", type=names(MODES), default=["eager"], metavar="A,B", help="of the peer: eager, compile")
    p.add_argument("--threads", type=turns.count, default=2, metavar="N")
    p.add_argument("--json", metavar="FILE", help="every run's figures")
    return p.parse_args()


def run(command, timeout):
    """A run's figures, or why there are none."""
    # Some machines set these for another library; they choose kernels by hand.
    tuned = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")
    environment = {name: value for name, value in os.environ.items() if name not in tuned}
    try:
        done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=timeout)
    except subprocess.TimeoutExpired:
        return None, f"not done within {timeout} s"
    except OSError as error:
        return None, str(error)
    try:
        return json.loads(done.stdout.splitlines()[-1]), None
    except (IndexError, ValueError):
        return None, turns.why(done)


def contestants(a, case):
    shared = [*CASES[case].split(), "--threads", str(a.threads)]
    peer = [a.python, str(PEER), *shared, "--layout", "channels_last", "--mode"]
    return {"ours": [a.program, "bench", *shared, "--json"], **{mode: [*peer, mode] for mode in a.modes}}


def measure(a, case):
    """Every contestant's runs. Whoever fails does not run again in this case."""
    running = contestants(a, case)
    runs = {name: [] for name in running}
    for turn in range(a.rounds):
        for name in list(running)[:: -1 if turn % 2 else 1]:
            figures, why = run(running[name], a.timeout)
            if figures:
                runs[name].append(figures)
                print(f"{case} {turn + 1}/{a.rounds} {name:8}{figures['step_ms']:10.1f} ms", flush=True)
            else:
                del running[name]
                print(f"{case} {turn + 1}/{a.rounds} {name:8} fails: {why}", flush=True)
    return runs


def median(runs, figure):
    values = [it[figure] for it in runs if it[figure] is not None]
    return statistics.median(values) if values else None


def row(case, runs):
    """The case, then ours, the peer's and the ratio of each figure."""
    cells = [case]
    for figure in FIGURES:
        ours = median(runs["ours"], figure)
        peers = [it for it in (median(runs[mode], figure) for mode in runs if mode != "ours") if it is not None]
        peer = min(peers, default=None)
        digits = 2 if figure == "first_step_s" else 0 if figure == "peak_rss_mb" else 1
        cells += ["-" if it is None else f"{it:.{digits}f}" for it in (ours, peer)]
        cells.append(f"{peer / ours:.2f}" if ours and peer else "-")
    return cells


def show(rows):
    heads = ["case", "ours ms", "peer ms", "ratio", "ours MB", "peer MB", "ratio", "ours first s", "peer first s", "ratio"]
    print("\n| " + " | ".join(heads) + " |")
    print("|" + "---|" * len(heads))
    for cells in rows:
        print("| " + " | ".join(cells) + " |")


def main():
    a = arguments()
    measured = {case: measure(a, case) for case in a.case}
    show([row(case, runs) for case, runs in measured.items()])
    seen = {it["peer"] for runs in measured.values() for all_runs in runs.values() for it in all_runs}
    print(f"\nMedians; rounds: {a.rounds}, threads: {a.threads}; {', '.join(sorted(seen))}")
    if a.json:
        pathlib.Path(a.json).write_text(json.dumps(measured, indent=1) + "\n")


if __name__ == "__main__":
    main()
