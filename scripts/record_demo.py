"""Runs a command in a terminal and draws what it prints as an animated SVG:
record_demo.py PICTURE --from TEXT --to TEXT -- COMMAND...

The picture starts at the first line that begins with the first text, and ends before the first that begins with the
second. It keeps the order and the pauses of the recording, but no line comes faster than a person can follow, each exit
code stands still for a while, and long pauses are cut. It is one file without a script: CSS moves the text up, line by
line, as a terminal does, and takes the reader's light or dark colours.
"""

import os
import pty
import re
import sys
import time
from xml.sax.saxutils import escape

COLUMNS, ROWS = 100, 30
CELL, LINE, MARGIN = 7.83, 17, 16  # px; CELL is the width of a letter at 13 px in the usual monospace fonts
LINE_TIME, READING_TIME, LONGEST_PAUSE, LAST_PAUSE = 0.07, 3.0, 3.0, 4.0  # seconds

STYLE = """
svg { background: var(--back); --back: #ffffff; --text: #1f2328; --frame: #d0d7de; --dim: #59636e;
  --red: #cf222e; --green: #116329; --yellow: #7d4e00; --blue: #0550ae; --magenta: #8250df; --cyan: #1b7c83 }
@media (prefers-color-scheme: dark) {
  svg { --back: #0d1117; --text: #e6edf3; --frame: #30363d; --dim: #9198a1;
    --red: #ff7b72; --green: #56d364; --yellow: #e3b341; --blue: #79c0ff; --magenta: #d2a8ff; --cyan: #76e3ea }
}
rect { fill: var(--back); stroke: var(--frame) }
text { fill: var(--text); white-space: pre;
  font: 13px ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", "DejaVu Sans Mono", monospace }
.bold { font-weight: bold } .dim { fill: var(--dim) } .red { fill: var(--red) } .green { fill: var(--green) }
.yellow { fill: var(--yellow) } .blue { fill: var(--blue) } .magenta { fill: var(--magenta) } .cyan { fill: var(--cyan) }
"""

COLOURS = {31: "red", 32: "green", 33: "yellow", 34: "blue", 35: "magenta", 36: "cyan"}


def record(command):
    """The command's output as [(seconds since the start, bytes)], and its exit code."""
    child, terminal = pty.fork()
    if child == 0:
        os.environ.update(TERM="xterm-256color", COLUMNS=str(COLUMNS))
        os.execvp(command[0], command)
    start, events = time.monotonic(), []
    while True:
        try:
            data = os.read(terminal, 65536)
        except OSError:  # Linux ends a terminal so
            break
        if not data:
            break
        events.append((time.monotonic() - start, data))
    return events, os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def lines_of(events):
    """The lines of the recording, each with the time at which it was whole."""
    rest = b""
    for at, data in events:
        *whole, rest = (rest + data).split(b"\n")
        for line in whole:
            yield at, line.decode().rstrip("\r")


def spans(line):
    """A line with colour codes as [(classes, text)]."""
    classes, parts = [], []
    for text, code in re.findall(r"([^\x1b]*)(?:\x1b\[([0-9;]*)m)?", line):
        if text:
            parts.append((" ".join(classes), text))
        for number in (int(word or 0) for word in code.split(";")) if code else ():
            if number == 0:
                classes = []
            elif number == 1:
                classes.append("bold")
            elif number == 2:
                classes.append("dim")
            elif number % 60 in COLOURS:  # 91 to 96 are the bright ones
                classes.append(COLOURS[number % 60])
    return parts


def rows_of(line):
    """A line as the rows of a terminal that wraps it."""
    rows, room = [[]], COLUMNS
    for classes, text in spans(line):
        while text:
            if room == 0:
                rows.append([])
                room = COLUMNS
            rows[-1].append((classes, text[:room]))
            text, room = text[room:], max(room - len(text), 0)
    return rows


def draw(lines):
    """The lines, each with its time, as an SVG."""
    rows, shown, clock, before = [], [], 0.0, lines[0][0]
    for at, line in lines:
        clock += min(max(at - before, LINE_TIME), LONGEST_PAUSE)
        before = at
        rows += rows_of(line)
        shown.append((clock, len(rows)))
        if line.startswith("exit code "):
            clock += READING_TIME
    total = clock + LAST_PAUSE

    width, height = round(COLUMNS * CELL + 2 * MARGIN), ROWS * LINE + 2 * MARGIN
    frames = "".join(f"{100 * at / total:.2f}%{{transform:translateY({-count * LINE}px)}}" for at, count in shown)
    # Who wants no motion sees the first result.
    still = next(count for (_, count), (_, line) in zip(shown, lines) if line.startswith("exit code "))
    style = STYLE + (
        f"g g {{ animation: up {total:.1f}s step-end infinite }}\n"
        f"@keyframes up {{0%{{transform:translateY(0)}}{frames}100%{{transform:translateY({-len(rows) * LINE}px)}}}}\n"
        f"@media (prefers-reduced-motion: reduce) {{ g g {{ animation: none; transform: translateY({-still * LINE}px) }} }}\n"
    )
    drawn = []
    for number, row in enumerate(rows):
        if not row:
            continue
        text = "".join(f'<tspan class="{c}">{escape(t)}</tspan>' if c else escape(t) for c, t in row)
        # The first row stands just below the screen, and moves in.
        y = ROWS * LINE + number * LINE + 13
        drawn.append(f'<text x="{MARGIN}" y="{MARGIN + y}" xml:space="preserve">{text}</text>')
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'role="img" aria-label="A recording of a terminal">\n<style>{style}</style>\n'
        f'<rect x="0.5" y="0.5" width="{width - 1}" height="{height - 1}" rx="8"/>\n'
        f'<clipPath id="screen"><path d="M0 {MARGIN}h{width}v{ROWS * LINE}h-{width}z"/></clipPath>\n'
        '<g clip-path="url(#screen)"><g>\n' + "\n".join(drawn) + "\n</g></g>\n</svg>\n"
    )


def main():
    picture, from_option, start, to_option, end, _, *command = sys.argv[1:]
    if (from_option, to_option) != ("--from", "--to") or not command:
        sys.exit(__doc__)
    events, code = record(command)
    lines = list(lines_of(events))
    if code != 0:
        sys.exit("\n".join(line for _, line in lines[-20:]) + f"\nrecord_demo: the command ended with {code}")
    first = next(number for number, (_, line) in enumerate(lines) if line.startswith(start))
    last = next(number for number, (_, line) in enumerate(lines) if line.startswith(end))
    lines = lines[first:last]
    while not lines[-1][1]:
        lines.pop()
    with open(picture, "w", encoding="utf-8") as out:
        out.write(draw(lines))


main()
