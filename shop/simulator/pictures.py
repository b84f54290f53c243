"""Product pictures: drawn, not downloaded. One quiet still life per product, as SVG text."""

from __future__ import annotations

import numpy as np

# Each shape stands on a table line at y = 300 in a 400 × 400 picture; {a} body, {b} dark accent.
SHAPES: dict[str, str] = {
    "tin": '<rect x="135" y="130" width="130" height="170" rx="10" fill="{a}"/><rect x="128" y="112" width="144" height="34" rx="8" fill="{b}"/><rect x="155" y="185" width="90" height="66" rx="4" fill="{p}" opacity=".85"/><path d="M200 196c22 10 22 34 0 46c-22-12-22-36 0-46z" fill="{a}"/>',
    "pouch": '<path d="M135 130h130l14 170H121z" fill="{a}"/><path d="M135 130h130l-4-22H139z" fill="{b}"/><circle cx="200" cy="215" r="38" fill="{p}" opacity=".85"/><path d="M200 190c20 12 20 38 0 50c-20-12-20-38 0-50z" fill="{b}"/>',
    "cake": '<ellipse cx="200" cy="232" rx="112" ry="68" fill="{b}"/><ellipse cx="200" cy="218" rx="112" ry="66" fill="{a}"/><ellipse cx="200" cy="214" rx="40" ry="22" fill="{p}" opacity=".9"/>',
    "teapot": '<path d="M282 205c44-14 44 62-6 58" fill="none" stroke="{b}" stroke-width="14"/><path d="M126 215c-30-2-44-34-58-44" fill="none" stroke="{a}" stroke-width="20" stroke-linecap="round"/><ellipse cx="200" cy="232" rx="88" ry="68" fill="{a}"/><ellipse cx="200" cy="170" rx="46" ry="13" fill="{b}"/><circle cx="200" cy="150" r="11" fill="{b}"/>',
    "bowl": '<path d="M100 190h200c0 70-44 104-72 104h-56c-28 0-72-34-72-104z" fill="{a}"/><ellipse cx="200" cy="190" rx="100" ry="22" fill="{b}"/><ellipse cx="200" cy="193" rx="86" ry="15" fill="{p}" opacity=".5"/><rect x="165" y="290" width="70" height="12" rx="4" fill="{b}"/>',
    "cup": '<path d="M130 170h120l-12 122a10 10 0 0 1-10 8h-76a10 10 0 0 1-10-8z" fill="{a}"/><path d="M246 196c46-8 46 60-6 58" fill="none" stroke="{a}" stroke-width="14"/><ellipse cx="190" cy="170" rx="60" ry="14" fill="{b}"/>',
    "board": '<rect x="112" y="112" width="176" height="188" rx="16" fill="{a}"/><path d="M132 112v188M168 112v188M206 112v188M244 112v188" stroke="{b}" stroke-width="2" opacity=".35"/><circle cx="262" cy="140" r="11" fill="{p}"/>',
    "jar": '<path d="M128 160h144v110a30 30 0 0 1-30 30h-84a30 30 0 0 1-30-30z" fill="{a}"/><rect x="136" y="128" width="128" height="34" rx="10" fill="{b}"/><rect x="154" y="200" width="92" height="44" rx="6" fill="{p}" opacity=".8"/>',
    "box": '<rect x="100" y="180" width="200" height="120" rx="6" fill="{a}"/><path d="M92 160h216v36H92z" fill="{b}"/><rect x="188" y="160" width="24" height="140" fill="{p}" opacity=".85"/><path d="M200 158c-38-46-70-8 0 2c70-10 38-48 0-2z" fill="{p}" opacity=".85"/>',
    "pan": '<rect x="262" y="206" width="116" height="18" rx="9" fill="{b}"/><path d="M74 205h204c0 60-40 92-72 92h-60c-32 0-72-32-72-92z" fill="{a}"/><ellipse cx="176" cy="205" rx="102" ry="20" fill="{b}"/>',
    "pot": '<rect x="104" y="180" width="192" height="120" rx="18" fill="{a}"/><rect x="92" y="166" width="216" height="22" rx="11" fill="{b}"/><circle cx="200" cy="152" r="13" fill="{b}"/><rect x="74" y="212" width="34" height="16" rx="8" fill="{b}"/><rect x="292" y="212" width="34" height="16" rx="8" fill="{b}"/>',
    "knife": '<path d="M84 262L262 84c30 34 18 70-10 98L120 300z" fill="{p}" stroke="{a}" stroke-width="5"/><rect x="42" y="270" width="104" height="26" rx="12" transform="rotate(-45 94 283)" fill="{b}"/>',
    "fork": '<path d="M150 96v64a24 24 0 0 0 16 23v117h16V183a24 24 0 0 0 16-23V96h-10v52h-9V96h-10v52h-9V96z" fill="{a}"/><path d="M246 96c-30 0-34 70-8 92v112h16V188c26-22 22-92-8-92z" fill="{b}"/>',
    "plate": '<ellipse cx="200" cy="232" rx="128" ry="70" fill="{a}"/><ellipse cx="200" cy="224" rx="128" ry="68" fill="{p}"/><ellipse cx="200" cy="224" rx="128" ry="68" fill="none" stroke="{a}" stroke-width="7"/><ellipse cx="200" cy="224" rx="82" ry="42" fill="none" stroke="{b}" stroke-width="3" opacity=".6"/>',
    "cloth": '<path d="M96 150q104-30 208 0v150q-104-26-208 0z" fill="{a}"/><path d="M96 196q104-30 208 0M96 216q104-30 208 0M96 262q104-28 208 0" stroke="{p}" stroke-width="8" fill="none" opacity=".8"/>',
    "candle": '<rect x="140" y="178" width="120" height="122" rx="12" fill="{a}"/><rect x="158" y="210" width="84" height="56" rx="4" fill="{p}" opacity=".85"/><path d="M200 178v-20" stroke="{b}" stroke-width="5"/><path d="M200 112c24 26 18 46 0 46s-24-20 0-46z" fill="{b}"/>',
    "lantern": '<path d="M200 62v36" stroke="{b}" stroke-width="5"/><ellipse cx="200" cy="192" rx="92" ry="92" fill="{a}"/><path d="M150 116q-40 76 0 152M200 100v184M250 116q40 76 0 152" stroke="{p}" stroke-width="4" fill="none" opacity=".7"/><rect x="166" y="92" width="68" height="14" rx="5" fill="{b}"/><rect x="166" y="278" width="68" height="14" rx="5" fill="{b}"/>',
    "stove": '<path d="M120 300l40-66h80l40 66" fill="none" stroke="{b}" stroke-width="13" stroke-linejoin="round"/><rect x="142" y="200" width="116" height="38" rx="10" fill="{a}"/><path d="M200 128c34 32 22 68 0 68s-34-36 0-68z" fill="{b}"/><path d="M200 158c16 16 10 36 0 36s-16-20 0-36z" fill="{p}"/>',
    "flask": '<rect x="152" y="118" width="96" height="182" rx="20" fill="{a}"/><rect x="160" y="84" width="80" height="44" rx="10" fill="{b}"/><rect x="152" y="190" width="96" height="26" fill="{p}" opacity=".75"/>',
    "basket": '<path d="M122 190c0-96 156-96 156 0" fill="none" stroke="{b}" stroke-width="13"/><path d="M92 190h216l-24 110H116z" fill="{a}"/><path d="M100 226h200M108 262h184M150 190l10 110M200 190v110M250 190l-10 110" stroke="{p}" stroke-width="4" opacity=".6"/>',
}  # fmt: skip


def draw_product(shape: str, palette: tuple[str, str, str], number: int) -> str:
    """One SVG. `number` turns the details a little so that neighbours differ; same in, same out."""
    paper, body, dark = palette
    rng = np.random.default_rng([number, len(shape)])
    sun_x, sun_y, sun_r = rng.integers(60, 340), rng.integers(50, 120), rng.integers(26, 60)
    hill = rng.integers(240, 290)
    scale = rng.uniform(0.92, 1.06)
    tilt = rng.uniform(-2.5, 2.5)
    figure = SHAPES[shape].format(a=body, b=dark, p=paper)
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 400 400" role="img">'
        f'<rect width="400" height="400" fill="{paper}"/>'
        f'<circle cx="{sun_x}" cy="{sun_y}" r="{sun_r}" fill="{body}" opacity=".16"/>'
        f'<path d="M0 {hill}q100 -34 200 0t200 0V400H0z" fill="{body}" opacity=".14"/>'
        f'<rect y="300" width="400" height="100" fill="{dark}" opacity=".10"/>'
        f'<ellipse cx="200" cy="304" rx="118" ry="11" fill="{dark}" opacity=".22"/>'
        f'<g transform="translate(200 300) scale({scale:.3f}) rotate({tilt:.2f}) '
        f'translate(-200 -300)">{figure}</g></svg>\n'
    )
