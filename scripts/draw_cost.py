"""Draws how the cost grows from the tables of `make bench`: draw_cost.py PAGE PICTURE

Three panels: time against images, layers and delay, over TLS and HTTP/2; this program's and, where the page has a ratio
beside it, crane's (one process an image, 32 at once). The page's own numbers are drawn and nothing else, so that the picture
can be made again from it. It is one file without a script, and takes the reader's light or dark colours.
"""

import math
import re
import sys
from xml.sax.saxutils import escape

WIDTH, HEIGHT, LEFT, TOP = 250, 170, 62, 46  # px, of a panel's own area
STEP = WIDTH + LEFT + 24

STYLE = """
svg { background: var(--back); --back: #ffffff; --text: #1f2328; --grid: #d0d7de; --ours: #0550ae; --crane: #9a6700; --floor: #59636e }
@media (prefers-color-scheme: dark) {
  svg { --back: #0d1117; --text: #e6edf3; --grid: #30363d; --ours: #79c0ff; --crane: #e3b341; --floor: #9198a1 }
}
text { fill: var(--text); font: 12px system-ui, sans-serif } .title { font-weight: 600 }
path { fill: none; stroke-width: 2 } .grid { stroke: var(--grid); stroke-width: 1 }
.ours { stroke: var(--ours) } .crane { stroke: var(--crane); stroke-dasharray: 6 3 } .floor { stroke: var(--floor); stroke-dasharray: 2 3 }
circle.ours { fill: var(--ours) } circle.crane { fill: var(--crane) } circle.floor { fill: var(--floor) }
"""


def tables(page):
    """Every table of the page: its columns, and its rows as lists of cells."""
    found, rows = [], []
    for line in [*page.splitlines(), ""]:
        if line.startswith("|"):
            cells = [cell.strip() for cell in line.strip("|").split("|")]
            rows.append(cells)
        elif rows:
            found.append((rows[0], [row for row in rows[1:] if not set("".join(row)) <= {"-"}]))
            rows = []
    return found


def table(page, column, other="measured"):
    """The rows of the table that begins with this column and has the other one."""
    for columns, rows in tables(page):
        if columns[0] == column and other in columns:
            return [dict(zip(columns, row)) for row in rows]
    sys.exit(f"draw_cost: the page has no table of `{column}`")


def milliseconds(cell):
    return float(re.match(r"([\d.]+) ms", cell)[1])


def ratio(cell):
    found = re.match(r"([\d.]+) \(", cell)
    return float(found[1]) if found else None


def floor(cell):
    found = re.search(r"× ([\d.]+) ms$", cell)
    return float(found[1]) if found else None


def beside(points, cells):
    """Another program's times, from ours and the ratios ours : theirs."""
    return [(x, y / ratio(cell)) for (x, y), cell in zip(points, cells) if ratio(cell)]


def series(page):
    """The panels: title, unit of the x axis, and each line's class and points."""
    fleets = [row for row in table(page, "images, 40 ms an answer") if "TLS" in row["images, 40 ms an answer"]]
    images = [(float(row["images, 40 ms an answer"].split(",")[0]), milliseconds(row["measured"])) for row in fleets]
    crane = beside(images, [row["× `xargs -P32 crane digest`"] for row in fleets])
    yield "images in one run, 40 ms an answer", [("ours", images), ("crane", crane)]

    first = "TLS, HTTP/2, 40 ms an answer"
    shapes = [row for row in table(page, first, "measured = × floor") if "layer" in row[first] and "platform" not in row[first]]
    layers = [(float(row[first].split()[0]), row["measured = × floor"]) for row in shapes]
    yield "layers of one image, 40 ms an answer", [
        ("ours", [(x, milliseconds(cell)) for x, cell in layers]),
        ("floor", [(x, floor(cell)) for x, cell in layers]),
    ]

    first = "one image, five layers"
    rows = [row for row in table(page, first, "delay") if row[first] == "TLS, HTTP/2" and row["delay"] != "0.0 ms"]
    delays = [(milliseconds(row["delay"]), row["measured = × floor"]) for row in rows]
    ours = [(x, milliseconds(cell)) for x, cell in delays]
    yield "one image, by ms an answer", [
        ("ours", ours),
        ("crane", beside(ours, [row["× `crane digest`"] for row in rows])),
        ("floor", [(x, floor(cell)) for x, cell in delays]),
    ]


def ticks(least, most):
    """Powers of ten from the one below to the one above."""
    return [10.0**power for power in range(math.floor(math.log10(least)), math.ceil(math.log10(most)) + 1)]


def panel(number, title, lines):
    xs = [x for _, points in lines for x, _ in points]
    ys = [y for _, points in lines for _, y in points]
    x_ticks, y_ticks = ticks(min(xs), max(xs)), ticks(min(ys), max(ys))

    def at(value, marks, length):
        low, high = math.log10(marks[0]), math.log10(marks[-1])
        return (math.log10(value) - low) / ((high - low) or 1) * length

    def x_of(value):
        return LEFT + number * STEP + at(value, x_ticks, WIDTH)

    def y_of(value):
        return TOP + HEIGHT - at(value, y_ticks, HEIGHT)

    left, right, bottom = LEFT + number * STEP, LEFT + number * STEP + WIDTH, TOP + HEIGHT
    yield f'<text class="title" x="{left}" y="{TOP - 14}">{escape(title)}</text>'
    for tick in y_ticks:
        y = y_of(tick)
        label = f"{tick / 1000:g} s" if tick >= 1000 else f"{tick:g} ms"
        yield f'<path class="grid" d="M{left} {y:.1f}H{right}"/>'
        yield f'<text x="{left - 6}" y="{y + 4:.1f}" text-anchor="end">{label}</text>'
    for tick in x_ticks:
        x = x_of(tick)
        yield f'<path class="grid" d="M{x:.1f} {TOP}V{bottom}"/>'
        yield f'<text x="{x:.1f}" y="{bottom + 18}" text-anchor="middle">{tick:g}</text>'
    for name, points in lines:
        path = "L".join(f"{x_of(x):.1f} {y_of(y):.1f}" for x, y in points)
        yield f'<path class="{name}" d="M{path}"/>'
        for x, y in points:
            shown = f"{y:.1f} ms at {x:g}"
            yield f'<circle class="{name}" cx="{x_of(x):.1f}" cy="{y_of(y):.1f}" r="3"><title>{shown}</title></circle>'


def picture(page):
    panels = list(series(page))
    width, height = LEFT + len(panels) * STEP, TOP + HEIGHT + 64
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img">'
    )
    yield "<title>How long a run takes, by images, layers and delay</title>"
    yield f"<style>{STYLE}</style>"
    for number, (title, lines) in enumerate(panels):
        yield from panel(number, title, lines)
    x = LEFT
    for name, words in [
        ("ours", "verify-registry-image"),
        ("crane", "crane digest; of many images 32 at once"),
        ("floor", "the floor: answers and connections in sequence"),
    ]:
        y = height - 18
        yield f'<path class="{name}" d="M{x} {y - 4}h24"/><text x="{x + 30}" y="{y}">{words}</text>'
        x += 60 + 7 * len(words)
    yield "</svg>"


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    with open(sys.argv[1], encoding="utf-8") as file:
        page = file.read()
    with open(sys.argv[2], "w", encoding="utf-8") as file:
        file.write("\n".join(picture(page)) + "\n")


main()
