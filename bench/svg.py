"""Line charts as SVG."""

import math
from html import escape

WIDTH, HEIGHT = 860, 480
LEFT, RIGHT, TOP, BOTTOM = 80, 250, 50, 60
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000", "#999999")


def _text(x, y, text, anchor="middle", size=12):
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}">{escape(text)}</text>'


def _line(x1, y1, x2, y2, colour="#ddd"):
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}"/>'


def _powers(low, high):
    return [10.0**n for n in range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)]


def chart(title, x_title, y_title, ticks, series):
    """`ticks` are (label, where from 0 to 1); `series` name -> [(where, value)], on a logarithmic scale."""
    values = [value for points in series.values() for _, value in points if value > 0]
    powers = _powers(min(values), max(values))
    low, high = math.log10(powers[0]), math.log10(powers[-1])
    width, height = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM

    def x_of(where):
        return LEFT + where * width

    def y_of(value):
        return TOP + height * (1 - (math.log10(value) - low) / (high - low or 1))

    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif">',
           f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>', _text(LEFT, 28, title, "start", 16)]
    for power in powers:
        out += [_line(LEFT, y_of(power), LEFT + width, y_of(power)),
                _text(LEFT - 8, y_of(power) + 4, f"{power:,.0f}", "end")]
    for label, where in ticks:
        out += [_line(x_of(where), TOP, x_of(where), TOP + height), _text(x_of(where), TOP + height + 20, label)]
    out += [_text(LEFT + width / 2, HEIGHT - 15, x_title), _text(LEFT, TOP - 8, y_title, "start")]
    for number, (name, points) in enumerate(series.items()):
        colour = COLOURS[number % len(COLOURS)]
        dash = ' stroke-dasharray="6 4"' if number >= len(COLOURS) else ""
        path = " ".join(f"{x_of(where):.1f},{y_of(value):.1f}" for where, value in points if value > 0)
        out.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"{dash}/>')
        y = TOP + 10 + 20 * number
        out += [f'<line x1="{LEFT + width + 15}" y1="{y}" x2="{LEFT + width + 40}" y2="{y}" stroke="{colour}" '
                f'stroke-width="2"{dash}/>', _text(LEFT + width + 46, y + 4, name, "start", 11)]
    return "\n".join(out) + "\n</svg>\n"
