"""The table's chart: CPU per request relative to nginx, as an SVG by hand that reads on light and on dark pages."""

WIDTH, LEFT, RIGHT = 720, 190, 90
TOP, BAR, GAP, GROUP_GAP, BOTTOM = 64, 20, 4, 18, 34
COLOURS = {"nginx": "peer", "haproxy": "peer", "gateway": "own"}
# Colours follow the reader's choice; where a page shows the picture as an image, so does the picture.
STYLE = """
  text { font: 13px system-ui, -apple-system, "Segoe UI", sans-serif; fill: #1f2328 }
  .title { font-size: 16px; font-weight: 600 } .note { fill: #656d76; font-size: 12px }
  .peer { fill: #8c959f } .own { fill: #0969da } .line { stroke: #656d76; stroke-dasharray: 3 3 }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 } .note { fill: #8d96a0 } .peer { fill: #6e7681 } .own { fill: #4493f8 } .line { stroke: #8d96a0 }
  }"""


def escaped(text):
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def groups_of(rows):
    """{(kind, clients): {program: share of nginx's CPU}} from the rows of request_cpu."""
    groups = {}
    for row in rows:
        programs = row.figures.get("programs")
        if programs:
            groups[row.figures["kind"], row.figures["clients"]] = {name: one["of_nginx"] for name, one in programs.items()}
    return groups


def bars(groups, scale):
    """The lines of the picture, and where it ends."""
    lines, y = [], TOP
    for (kind, clients), shares in groups.items():
        lines.append(f'<text x="12" y="{y + BAR * 1.6:.0f}">GET {escaped(kind)}</text>')
        lines.append(f'<text x="12" y="{y + BAR * 1.6 + 17:.0f}" class="note">{clients} clients</text>')
        for name, share in shares.items():
            width, middle = share * scale, y + BAR * 0.7
            lines.append(f'<text x="{LEFT - 8}" y="{middle:.0f}" text-anchor="end">{escaped(name)}</text>')
            lines.append(f'<rect x="{LEFT}" y="{y}" width="{width:.1f}" height="{BAR}" rx="3" class="{COLOURS[name]}"/>')
            lines.append(f'<text x="{LEFT + width + 6:.1f}" y="{middle:.0f}">{share:.2f}</text>')
            y += BAR + GAP
        y += GROUP_GAP
    return lines, y


def drawn(rows):
    groups = groups_of(rows)
    if not groups:  # the measurement failed, which its row says
        return ""
    scale = (WIDTH - LEFT - RIGHT) / max(max(shares.values()) for shares in groups.values())
    lines, end = bars(groups, scale)
    height, one = end + BOTTOM - GROUP_GAP, LEFT + scale
    alt = "; ".join(f"GET {kind}, {clients} clients: " + ", ".join(f"{name} {share:.2f}" for name, share in shares.items())
                    for (kind, clients), shares in groups.items())
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}" role="img" '
        'aria-labelledby="title alt">', '<title id="title">CPU time per request, relative to nginx</title>',
        f'<desc id="alt">{escaped(alt)}</desc>', f"<style>{STYLE}\n</style>",
        '<text x="12" y="26" class="title">CPU time per request, relative to nginx as a plain proxy</text>',
        '<text x="12" y="46" class="note">Shorter is better. Medians of interleaved rounds, same upstream over TLS.</text>',
        f'<line x1="{one:.1f}" y1="{TOP - 6}" x2="{one:.1f}" y2="{height - BOTTOM + 4}" class="line"/>', *lines,
        f'<text x="{one:.1f}" y="{height - 12}" text-anchor="middle" class="note">nginx = 1.00</text>', "</svg>"]) + "\n"
