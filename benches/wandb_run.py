"""An offline run of Weights & Biases for a viewer to show: six metrics, ten steps a second, until interrupted.

    python benches/wandb_run.py FOLDER [STEPS]      with STEPS: so many, as fast as it goes
"""
import contextlib
import math
import random
import signal
import sys
import time

import wandb

METRICS = 6
folder = sys.argv[1]
steps = int(sys.argv[2]) if len(sys.argv) > 2 else None
signal.signal(signal.SIGINT, signal.default_int_handler)  # also as a background job
begun, step = time.monotonic(), 0
with wandb.init(mode="offline", dir=folder, project="peers") as run, contextlib.suppress(KeyboardInterrupt):
    while step != steps:
        run.log({f"figure/{i}": math.exp(-step / 1e3) + i + random.gauss(0, 0.05) for i in range(METRICS)})
        step += 1
        if steps is None:
            time.sleep(max(0, begun + step / 10 - time.monotonic()))
