"""Makes DejaVuSans-subset.ttf, the letters of charts: `python3 subset.py DejaVuSans.ttf` (needs fonttools).

The font comes with matplotlib: matplotlib/mpl-data/fonts/ttf/DejaVuSans.ttf.
"""

import sys
from pathlib import Path

from fontTools import subset

LETTERS = [*map(chr, range(0x20, 0x7F)), *map(chr, range(0xA0, 0x100)), *"–—‘’“”…·×→−√αβτσμ≤≥"]

options = subset.Options()
# Whole pixels by hand are for screens of old, and a chart's words need no ligatures.
options.hinting = False
options.layout_features = ["kern"]
options.notdef_outline = True
options.name_IDs = [0, 1, 2, 5, 13, 14]
font = subset.load_font(sys.argv[1], options)
subsetter = subset.Subsetter(options)
subsetter.populate(text="".join(LETTERS))
subsetter.subset(font)
# The same font gives the same bytes on another day.
font.recalcTimestamp = False
subset.save_font(font, Path(__file__).with_name("DejaVuSans-subset.ttf"), options)
