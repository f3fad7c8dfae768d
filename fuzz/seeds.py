"""Writes small valid inputs for every target into corpus/: python seeds.py (needs Pillow)."""

import gzip
import io
import pathlib
import shutil
import struct

from PIL import Image

HERE = pathlib.Path(__file__).parent
FIXTURES = HERE.parent / "tests" / "fixtures"


def seed(target, name, content):
    path = HERE / "corpus" / target / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def copy(target, files):
    for file in files:
        seed(target, file.name, file.read_bytes())


def images():
    copy("image", [file for file in (FIXTURES / "folder").iterdir() if file.suffix != ".py"])
    picture = Image.frombytes("RGB", (9, 7), bytes(i * 37 % 256 for i in range(9 * 7 * 3)))
    for name, form, options in [
        ("lossless.webp", "WEBP", {"lossless": True}),
        ("lossy.webp", "WEBP", {"quality": 30}),
        ("progressive.jpg", "JPEG", {"progressive": True}),
        ("restart.jpg", "JPEG", {"restart_marker_rows": 1}),
        ("coarse.jpg", "JPEG", {"subsampling": 2}),
        ("plain.png", "PNG", {}),
    ]:
        out = io.BytesIO()
        picture.save(out, form, **options)
        seed("image", name, out.getvalue())
    out = io.BytesIO()
    picture.convert("RGBA").save(out, "WEBP", save_all=True, append_images=[picture.convert("RGBA")])
    seed("image", "moving.webp", out.getvalue())
    out = io.BytesIO()
    picture.convert("L").convert("I;16").save(out, "PNG")
    seed("image", "16-bit.png", out.getvalue())


def idx():
    pictures = bytes([0, 0, 8, 3]) + struct.pack(">3I", 3, 4, 5) + bytes(range(60))
    labels = bytes([0, 0, 8, 1]) + struct.pack(">I", 3) + bytes([0, 1, 2])
    for name, pack in [("plain", lambda x: x), ("packed", lambda x: gzip.compress(x, mtime=0))]:
        one, other = pack(pictures), pack(labels)
        seed("idx", name, struct.pack("<H", len(one)) + one + other)


def tensors():
    header = b'{"b":{"dtype":"F32","shape":[2,1],"data_offsets":[4,12]},"a":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}'
    seed("tensors", "two", struct.pack("<Q", len(header)) + header + bytes(12))


def lines():
    journal = (
        '{"seq":1,"time":1.5,"step":0,"kind":"start","version":"0.1.0","steps":9,"compute":"cpu"}\n'
        '{"seq":2,"time":2.5,"step":4,"kind":"edit","path":"a.b","from":"0.8","to":"0.3","revision":1,"config":"c0"}\n'
        '{"seq":3,"time":2.5,"step":4,"kind":"pause"}\n'
        '{"seq":4,"time":2.5,"step":5,"kind":"stop","reason":"stopped"}\n'
    )
    figures = '{"step":1,"time":0.5,"loss/color":1.25,"invariance/color/rotation":null}\n{"step":2,"time":1,"loss/color":1e-3}\n'
    seed("lines", "journal", journal.encode())
    seed("lines", "figures", figures.encode())


def records():
    for target in ["cifar10", "cifar100", "stl10"]:
        seed(target, "records", bytes([1, 2, 3] * 8) + bytes([24, 2, 1, 0]))


def frames():
    def framed(*texts):
        return b"".join(struct.pack("<I", len(text)) + text.encode() for text in texts)

    edit = '{"command":{"Edit":{"path":"optimizer.lr","value":0.05}},"revision":2}'
    at = '{"command":{"EditAt":{"edit":{"path":"augment.color.p","value":null},"base":1,"editor":3}},"revision":2}'
    views = '{"command":{"Views":{"index":3,"draw":1}},"revision":0}'
    near = '{"command":{"Neighbours":{"within":[0,1],"place":4,"fresh":true}},"revision":0}'
    record = '{"Records":[{"step":1,"time":0.5,"values":[["loss",{"min":1.0,"max":2.0,"last":null}]]}]}'
    events = '{"Events":[{"Note":"a"},{"Refused":{"path":"x","why":"y"}},{"Saved":{"step":3,"path":"z"}}]}'
    hello = '{"looc":1,"version":"0.1.0"}'
    seed("frames", "viewer", framed(hello, edit, at, views, near, '{"command":"Stop","revision":0}') + b"\x01")
    seed("frames", "run", framed(hello, record, '"Live"', events) + b"\x07")
    seed("frames", "lines", "\n".join([hello, edit, at, views, near, record, events, '"Live"']).encode() + b"\x03")


if __name__ == "__main__":
    shutil.rmtree(HERE / "corpus", ignore_errors=True)
    images()
    idx()
    tensors()
    lines()
    records()
    frames()
    shards = FIXTURES / "shards"
    copy("parquet", (shards / "parquet").rglob("*.parquet"))
    copy("tar", (shards / "webdataset").rglob("*.tar"))
