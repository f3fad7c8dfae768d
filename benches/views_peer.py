"""The peers: one view of an image in torchvision v2, and in kornia where that is installed, on one core. Run by benches/views.py; prints a line of JSON a kind.

    python benches/views_peer.py [--side 32]

Every operation is forced on, with the strengths of `looc-tui bench --views`, and the blur is as wide. Kinds are PIL images
and u8 tensors, from which torchvision makes PIL images and u8 tensors, and f32 tensors, which are what looc-tui makes (from
bytes). kornia changes a batch of 64 f32 tensors at a time, which is what it is made for. Needs torch, torchvision, pillow and
numpy.
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
BATCH = 64


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


def kornias(side, images):
    """The same in kornia: its name, a view's cost, or nothing where it is not installed."""
    try:
        import kornia
        import kornia.augmentation as K
    except ImportError:
        return
    blur = 2 * max(side // 20, 1) + 1
    change = torch.nn.Sequential(
        K.RandomResizedCrop((side, side), scale=(0.2, 1.0)),
        K.RandomHorizontalFlip(p=1.0),
        K.ColorJitter(0.4, 0.4, 0.4, 0.1, p=1.0),
        K.RandomGrayscale(p=1.0),
        K.RandomGaussianBlur((blur, blur), (0.1, 2.0), p=1.0),
        K.RandomRotation90(times=(1, 3), p=1.0),
    )
    tensors = torch.from_numpy(numpy.stack(images)).permute(0, 3, 1, 2).contiguous()
    batches = [batch for batch in tensors.split(BATCH) if len(batch) == BATCH] or [tensors]
    with torch.no_grad():
        took = microseconds(lambda batch: change(batch.float() / 255.0), batches)
    yield f"kornia {kornia.__version__}, {len(batches[0])} f32 tensors", took / len(batches[0])


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--side", type=int, default=32, metavar="N", help="pixels of an image's side")
    p.add_argument("--images", type=int, default=IMAGES, metavar="N", help="images of a pass")
    a = p.parse_args()
    torch.set_num_threads(1)
    generator = numpy.random.default_rng(0)
    images = [generator.integers(0, 256, (a.side, a.side, 3), numpy.uint8) for _ in range(a.images)]
    change = transform(a.side)

    def say(peer, took):
        print(json.dumps({"peer": peer, "side": a.side, "us_per_view": round(took, 1)}), flush=True)

    for kind, items, before in kinds(images):
        whole = v2.Compose([before, change]) if before else change
        say(f"torchvision {torchvision.__version__} v2, {kind}", microseconds(whole, items))
    for peer, took in kornias(a.side, images):
        say(peer, took)


if __name__ == "__main__":
    main()
