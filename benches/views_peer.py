"""The peer: one view of an image in torchvision v2, on one core. Run by benches/views.py; prints a line of JSON a kind.

    python benches/views_peer.py [--side 32]

Every operation is forced on, with the strengths of `looc-tui bench --views`, and the blur is as wide. Kinds are PIL images
and u8 tensors, from which torchvision makes PIL images and u8 tensors, and f32 tensors, which are what looc-tui makes (from
bytes). Needs torch, torchvision, pillow and numpy.
"""
import argparse
import json
import random
import statistics
import time

import numpy
import torch
import torchvision
from PIL import Image
from torchvision.transforms import v2
from torchvision.transforms.v2 import functional

IMAGES, WARM, PASSES = 500, 50, 5


def transform(side):
    return v2.Compose([
        v2.RandomResizedCrop(side, scale=(0.2, 1.0), antialias=True),
        v2.RandomHorizontalFlip(1.0),
        v2.ColorJitter(0.4, 0.4, 0.4, 0.1),
        v2.RandomGrayscale(1.0),
        v2.GaussianBlur(2 * max(side // 20, 1) + 1, (0.1, 2.0)),
        v2.Lambda(lambda image: functional.rotate(image, 90.0 * random.randint(1, 3))),
    ])


def kinds(images):
    """Each kind with its images, and what comes before the transform."""
    tensors = [torch.from_numpy(image).permute(2, 0, 1).contiguous() for image in images]
    yield "PIL", [Image.fromarray(image) for image in images], None
    yield "u8 tensor", tensors, None
    yield "f32 tensor", tensors, v2.ToDtype(torch.float32, scale=True)


def microseconds(change, items):
    for item in items[:WARM]:
        change(item)
    took = []
    for _ in range(PASSES):
        start = time.perf_counter()
        for item in items:
            change(item)
        took.append((time.perf_counter() - start) / len(items))
    return statistics.median(took) * 1e6


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--side", type=int, default=32, metavar="N", help="pixels of an image's side")
    p.add_argument("--images", type=int, default=IMAGES, metavar="N", help="images of a pass")
    a = p.parse_args()
    torch.set_num_threads(1)
    generator = numpy.random.default_rng(0)
    images = [generator.integers(0, 256, (a.side, a.side, 3), numpy.uint8) for _ in range(a.images)]
    change = transform(a.side)
    for kind, items, before in kinds(images):
        whole = v2.Compose([before, change]) if before else change
        print(json.dumps({
            "peer": f"torchvision {torchvision.__version__} v2, {kind}",
            "side": a.side,
            "us_per_view": round(microseconds(whole, items), 1),
        }), flush=True)


if __name__ == "__main__":
    main()
