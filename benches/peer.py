"""The peer: one LooC training step in PyTorch, on the CPU. Run by benches/step.py; prints one line of JSON.

    python benches/peer.py [--width 16] [--batch 128] [--heads 2] [--backbone resnet18] [--stem cifar] [--side 32]

The step is that of `looc-tui bench`: query forward and backward, momentum, every key view through every
head, the losses over the queues, SGD, queues. Needs torch. OPENBLAS_CORETYPE and OPENBLAS_L2_SIZE have to be unset.
"""
import time

STARTED = time.time()  # before torch is loaded: that belongs to the first step

import argparse
import copy
import json
import resource
import statistics

import torch
from torch import nn
from torch.nn import functional as F

DIM, TEMPERATURE, MOMENTUM = 128, 0.2, 0.99


def conv_norm(cin, cout, kernel, stride=1):
    convolution = nn.Conv2d(cin, cout, kernel, stride, kernel // 2, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(cout))


class Residual(nn.Module):
    """Convolutions with a ReLU between each two, and a shortcut around them."""

    def __init__(self, layers, cin, cout, stride):
        super().__init__()
        self.layers = nn.ModuleList(layers)
        self.shortcut = conv_norm(cin, cout, 1, stride) if stride != 1 or cin != cout else None

    def forward(self, x):
        y = x
        for layer in self.layers[:-1]:
            y = F.relu(layer(y), inplace=True)
        around = x if self.shortcut is None else self.shortcut(x)
        return F.relu(self.layers[-1](y) + around, inplace=True)


def basic(cin, planes, stride):
    return Residual([conv_norm(cin, planes, 3, stride), conv_norm(planes, planes, 3)], cin, planes, stride)


def bottleneck(cin, planes, stride):
    """torchvision's v1.5: the stride is the 3x3 convolution's."""
    layers = [conv_norm(cin, planes, 1), conv_norm(planes, planes, 3, stride), conv_norm(planes, 4 * planes, 1)]
    return Residual(layers, cin, 4 * planes, stride)


# The block, how much wider than its planes it ends, and blocks a stage.
BACKBONES = {"resnet18": (basic, 1, (2, 2, 2, 2)), "resnet50": (bottleneck, 4, (3, 4, 6, 3))}


def stem(kind, width):
    if kind == "cifar":
        return [conv_norm(3, width, 3), nn.ReLU(inplace=True)]
    return [conv_norm(3, width, 7, 2), nn.ReLU(inplace=True), nn.MaxPool2d(3, 2, 1)]


class Encoder(nn.Module):
    """From images to a unit vector in every space."""

    def __init__(self, backbone, stem_kind, width, spaces):
        super().__init__()
        block, expansion, depths = BACKBONES[backbone]
        layers, features = stem(stem_kind, width), width
        for stage, depth in enumerate(depths):
            planes = width << stage
            for i in range(depth):
                layers.append(block(features, planes, 2 if stage and not i else 1))
                features = expansion * planes
        self.backbone = nn.Sequential(*layers)
        self.heads = nn.ModuleList(
            nn.Sequential(nn.Linear(features, features), nn.ReLU(), nn.Linear(features, DIM)) for _ in range(spaces)
        )

    def forward(self, images):
        features = self.backbone(images).mean((2, 3))
        return [F.normalize(head(features)) for head in self.heads]


class Learner:
    def __init__(self, a):
        self.spaces, self.batch = a.heads + 1, a.batch
        layout = torch.channels_last if a.layout == "channels_last" else torch.contiguous_format
        self.query = Encoder(a.backbone, a.stem, a.width, self.spaces).to(memory_format=layout)
        self.key = copy.deepcopy(self.query).requires_grad_(False)
        run = torch.compile if a.mode == "compile" else lambda module: module
        self.encode, self.encode_key = run(self.query), run(self.key)
        self.queues = [F.normalize(torch.randn(a.queue, DIM)) for _ in range(self.spaces)]
        self.cursor = 0
        self.sgd = torch.optim.SGD(self.query.parameters(), lr=0.03, momentum=0.9, weight_decay=5e-4)
        shape = (a.batch, 3, a.side, a.side)
        self.views = [torch.randn(shape).to(memory_format=layout) for _ in range(self.spaces + 1)]
        self.target = torch.zeros(a.batch, dtype=torch.long)

    def loss(self, space, query, keys):
        """InfoNCE: the own key is the positive; a leave-one-out space has the other views among its negatives."""
        others = [view for view in range(self.spaces) if space and view != space]
        products = [(query * keys[view][space]).sum(1, keepdim=True) for view in [space, *others]]
        logits = torch.cat([*products, query @ self.queues[space].T], 1)
        return F.cross_entropy(logits / TEMPERATURE, self.target)

    def step(self):
        queries = self.encode(self.views[0])
        with torch.no_grad():
            torch._foreach_lerp_(list(self.key.parameters()), list(self.query.parameters()), 1 - MOMENTUM)
            keys = [self.encode_key(view) for view in self.views[1:]]
        loss = sum(self.loss(space, queries[space], keys) for space in range(self.spaces)) / self.spaces
        self.sgd.zero_grad(set_to_none=True)
        loss.backward()
        self.sgd.step()
        self.enqueue(keys)
        return loss.item()

    def enqueue(self, keys):
        for space, queue in enumerate(self.queues):
            queue[self.cursor:self.cursor + self.batch] = keys[space][space]
        self.cursor = (self.cursor + self.batch) % len(self.queues[0])


def arguments():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in [("width", 16), ("batch", 128), ("heads", 2), ("queue", 4096), ("steps", 12),
                          ("threads", 2), ("side", 32)]:
        p.add_argument(f"--{name}", type=int, default=default, metavar="N")
    p.add_argument("--backbone", choices=list(BACKBONES), default="resnet18")
    p.add_argument("--stem", choices=["cifar", "imagenet"], default="cifar")
    p.add_argument("--layout", choices=["channels_last", "nchw"], default="channels_last")
    p.add_argument("--mode", choices=["eager", "compile"], default="eager")
    a = p.parse_args()
    if a.queue % a.batch:
        p.error("--queue has to be a multiple of --batch")
    return a


def main():
    a = arguments()
    torch.set_num_threads(a.threads)
    torch.manual_seed(0)
    learner = Learner(a)
    learner.step()
    first = time.time() - STARTED
    learner.step()
    times = []
    for _ in range(a.steps):
        start = time.perf_counter()
        learner.step()
        times.append(time.perf_counter() - start)
    median = statistics.median(times)
    print(json.dumps({
        "peer": f"torch {torch.__version__} {a.layout} {a.mode}",
        "width": a.width,
        "batch": a.batch,
        "heads": a.heads,
        "step_ms": round(median * 1e3, 1),
        "images_per_s": round(a.batch / median, 1),
        "first_step_s": round(first, 2),
        "peak_rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }))


if __name__ == "__main__":
    main()
