#!/usr/bin/env python3
"""Writes the tables of the package, tables/*.bin, and testdata/digests.txt, from
Python's codecs. Run it with go generate.

A table is its cells in order, each as a variable-length number: 0 for nothing,
else 1 + the zigzag form of how much the character is off the one that follows
the character before. The numbers are deflated."""

import hashlib
import os
import zlib

HERE = os.path.dirname(os.path.abspath(__file__))
TABLES = os.path.join(HERE, "..", "..", "tables")
DIGESTS = os.path.join(HERE, "..", "digests.txt")


def decode(octets, codec):
    """Returns the one character that the octets are in codec, or None. Big5-HKSCS
    has four that are two code points."""
    try:
        text = bytes(octets).decode(codec)
    except UnicodeDecodeError:
        return None
    if len(text) == 1 or len(octets) == 2 and ord(text[0]) >= 0x80 and len(text) == 2 and ord(text[1]) in (0x304, 0x30C):
        return text
    return None


def shift_jis(row, column):
    """Returns the octets of a cell, both from 0, in Shift_JIS."""
    lead, trail = row // 2, column + 94 * (row % 2)
    return [lead + (0x81 if lead < 31 else 0xC1), trail + (0x40 if trail < 63 else 0x41)]


def jis0208(row, column):
    """JIS X 0208, with the characters that Windows has where it has none, and
    behind its 94 rows those of Windows alone."""
    if row < 94:
        c = decode([row + 0xA1, column + 0xA1], "euc_jp")
        if c:
            return c
    return decode(shift_jis(row, column), "cp932")


def jis0212(row, column):
    return decode([0x8F, row + 0xA1, column + 0xA1], "euc_jp")


def gb18030_four(n):
    octets = [0x81 + n // 12600, 0x30 + n // 1260 % 10, 0x81 + n // 10 % 126, 0x30 + n % 10]
    return decode(octets, "gb18030")


BIG5_TRAILS = list(range(0x40, 0x7F)) + list(range(0xA1, 0xFF))
GB_TRAILS = list(range(0x40, 0x7F)) + list(range(0x80, 0xFF))


def pairs(codec, trails):
    return [decode([a, b], codec) for a in range(0x81, 0xFF) for b in trails]


# What is two code points has a cell behind the last of Unicode.
TWO = {"\u00ca\u0304": 0x110000, "\u00ca\u030c": 0x110001, "\u00ea\u0304": 0x110002, "\u00ea\u030c": 0x110003}


def write(name, cells):
    out = bytearray()
    before = -1
    for c in cells:
        v = 0
        if c:
            point = TWO[c] if len(c) > 1 else ord(c)
            d = point - before - 1
            before = point
            v = 1 + (d << 1 if d >= 0 else (-d << 1) - 1)
        while v >= 0x80:
            out.append(v & 0x7F | 0x80)
            v >>= 7
        out.append(v)
    z = zlib.compressobj(9, zlib.DEFLATED, -15)
    data = z.compress(bytes(out)) + z.flush()
    with open(os.path.join(TABLES, name + ".bin"), "wb") as f:
        f.write(data)


def euc_jp(b):
    c = decode(b, "euc_jp")
    if c is None and len(b) == 2 and 0xA1 <= b[0] <= 0xFE and 0xA1 <= b[1] <= 0xFE:
        return decode(shift_jis(b[0] - 0xA1, b[1] - 0xA1), "cp932")
    return c


def gb18030(b):
    return "\u20ac" if b == [0x80] else decode(b, "gb18030")


def big5(b):
    return decode(b, "cp950") or (decode(b, "big5hkscs") if len(b) == 2 else None)


WITNESSES = {
    "shift_jis": lambda b: decode(b, "cp932"),
    "euc-jp": euc_jp,
    "euc-kr": lambda b: decode(b, "cp949"),
    "gb18030": gb18030,
    "big5": big5,
    "big5-hkscs": lambda b: decode(b, "big5hkscs"),
}


def codes(label):
    """Yields every code that may be a character: of one octet, of two, and of
    three or four where the charset has those."""
    for a in range(0x100):
        yield [a]
    for a in range(0x80, 0x100):
        for b in range(0x30, 0x100):
            yield [a, b]
    if label == "euc-jp":
        for a in range(0xA1, 0xFF):
            for b in range(0xA1, 0xFF):
                yield [0x8F, a, b]
    if label == "gb18030":
        for a in range(0x81, 0xFF):
            for b in range(0x30, 0x3A):
                for c in range(0x81, 0xFF):
                    for d in range(0x30, 0x3A):
                        yield [a, b, c, d]


def main():
    write("jis0208", [jis0208(r, c) for r in range(120) for c in range(94)])
    write("jis0212", [jis0212(r, c) for r in range(94) for c in range(94)])
    write("cp949", pairs("cp949", range(0x41, 0xFF)))
    write("gb18030", pairs("gb18030", GB_TRAILS))
    write("gb18030four", [gb18030_four(n) for n in range(39420)])
    write("cp950", pairs("cp950", BIG5_TRAILS))
    write("big5hkscs", pairs("big5hkscs", BIG5_TRAILS))
    with open(DIGESTS, "w") as f:
        for label, witness in WITNESSES.items():
            h = hashlib.sha256()
            n = 0
            for code in codes(label):
                # A pair of which the first octet stands alone is two characters.
                if len(code) == 2 and witness(code[:1]):
                    continue
                c = witness(code)
                if c and c != "\ufffd":
                    h.update(bytes(code).hex().encode() + b" " + c.encode() + b"\n")
                    n += 1
            print(label, n, h.hexdigest(), file=f)


main()
