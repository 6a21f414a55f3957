"""Charts as inline SVG. Each has a title and a description for who cannot see
it, and no text that is not escaped. Colours are the page's, by class."""

from python_kit.text import number

from .names import shorten
from .text import escape

WIDTH, HEIGHT = 720, 190
LEFT, RIGHT, TOP, BOTTOM = 52, 6, 10, 24
ROW, LABEL = 24, 264


def days(identity, title, description, series):
    """Bars per day. `series` is a list of (date, up, down): `up` above the line, `down` below it."""
    most, least = max(up for _, up, _ in series), max(down for _, _, down in series)
    step = _step(max(most, least, 1), 2 if least else 4)
    above = _ceiling(most, step) or step
    # A little below the line needs a little room, not a whole step.
    below = _ceiling(least, step) if least > step / 3 else (least > 0) * step / 3
    scale = (HEIGHT - TOP - BOTTOM) / (above + below)
    zero = TOP + above * scale
    slot = (WIDTH - LEFT - RIGHT) / len(series)
    parts = []
    for tick in range(-(int(below) // step) * step, above + 1, step):
        y = zero - tick * scale
        kind = "axis" if tick == 0 else "grid"
        parts.append(f'<line class="{kind}" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{_short(abs(tick))}</text>')
    for at, (date, up, down) in enumerate(series):
        x = LEFT + at * slot + slot * 0.15
        told = f"{date}: {number(up)}" if not least else f"{date}: +{number(up)} −{number(down)}"
        bars = _bar(x, zero - up * scale, slot * 0.7, up * scale, "plus" if least else "bar")
        bars += _bar(x, zero, slot * 0.7, down * scale, "minus")
        parts.append(f"<g><title>{escape(told)}</title>{bars}</g>")
        day = int(date[-2:])
        if day == 1 or day % 5 == 0:
            middle = LEFT + (at + 0.5) * slot
            parts.append(f'<text x="{middle:.1f}" y="{HEIGHT - 7}" text-anchor="middle">{day}</text>')
    return _svg(identity, title, description, HEIGHT, parts)


def ranks(identity, title, description, rows):
    """Horizontal bars. `rows` is a list of (label, value), the largest first."""
    most = max((value for _, value in rows), default=0) or 1
    room = WIDTH - LABEL - 64
    parts = []
    for at, (label, value) in enumerate(rows):
        y = at * ROW
        parts.append(
            f'<text class="name" x="{LABEL - 10}" y="{y + 16}" text-anchor="end">{escape(shorten(label, 36))}</text>'
        )
        width = max(value / most * room, 1.5)
        bar = _bar(LABEL, y + 4, width, ROW - 9, "bar")
        parts.append(f"<g><title>{escape(label)}: {number(value)}</title>{bar}</g>")
        parts.append(f'<text x="{LABEL + width + 7:.1f}" y="{y + 16}">{number(value)}</text>')
    return _svg(identity, title, description, len(rows) * ROW + 4, parts)


def _svg(identity, title, description, height, parts):
    return (
        f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-labelledby="{identity}-t {identity}-d">'
        f'<title id="{identity}-t">{escape(title)}</title>'
        f'<desc id="{identity}-d">{escape(description, 400)}</desc>{"".join(parts)}</svg>'
    )


def _bar(x, y, width, height, kind):
    if height <= 0:
        return ""
    # Something is never drawn as nothing.
    return (
        f'<rect class="{kind}" x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" '
        f'height="{max(height, 1):.1f}" rx="1.5"/>'
    )


def _step(most, ticks):
    """The distance of grid lines: 1, 2 or 5 times a power of ten, for about so many lines."""
    power = 1
    while True:
        for factor in (1, 2, 5):
            if factor * power * ticks >= most:
                return factor * power
        power *= 10


def _ceiling(value, step):
    return -(-value // step) * step


def _short(value):
    for unit, letter in ((10**9, "G"), (10**6, "M"), (10**3, "k")):
        if value >= unit:
            return f"{value / unit:g}{letter}"
    return str(value)
