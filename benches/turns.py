"""What the benches that run beside a peer have in common."""
import argparse


def count(text):
    if int(text) < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return int(text)


def parser(description, needs, timeout):
    """The arguments of all of them. `needs`: what PYTHON must have; `timeout`: seconds that one run may take."""
    p = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("program", help="looc-tui, built for release")
    p.add_argument("python", help=f"an interpreter that has {needs}")
    p.add_argument("--rounds", type=count, default=5, metavar="N")
    p.add_argument("--timeout", type=count, default=timeout, metavar="S", help="seconds that one run may take")
    return p


def why(done):
    """Why a run that failed did. A trace ends with its reason; clap begins with it."""
    said = [line for line in done.stderr.splitlines() if line.strip()] or ["nothing said"]
    return f"exit code {done.returncode}: " + (said[0] if said[0].startswith(("error", "looc")) else said[-1])
