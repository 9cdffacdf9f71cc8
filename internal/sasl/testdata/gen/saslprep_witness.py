#!/usr/bin/env python3
"""Prepares strings by SASLprep (RFC 4013), as a witness for ours.

Each line is "stored" or "query" and a string's UTF-8 in hexadecimal; it is
answered by what the string becomes, "-" for nothing, or by "!".
"""

import stringprep as sp
import sys
from unicodedata import ucd_3_2_0 as ucd

PROHIBITED = (
    sp.in_table_c12, sp.in_table_c21_c22, sp.in_table_c3, sp.in_table_c4, sp.in_table_c5,
    sp.in_table_c6, sp.in_table_c7, sp.in_table_c8, sp.in_table_c9,
)


def prepare(s, stored):
    s = "".join(" " if sp.in_table_c12(c) else c for c in s if sp.in_table_c12(c) or not sp.in_table_b1(c))
    s = ucd.normalize("NFKC", s)
    for c in s:
        if any(table(c) for table in PROHIBITED) or stored and sp.in_table_a1(c):
            return None
    if any(map(sp.in_table_d1, s)):
        if any(map(sp.in_table_d2, s)) or not sp.in_table_d1(s[0]) or not sp.in_table_d1(s[-1]):
            return None
    return s


for line in sys.stdin:
    kind, given = line.split()
    made = prepare(bytes.fromhex(given).decode(), kind == "stored")
    print("!" if made is None else made.encode().hex() or "-")
