#!/usr/bin/env python3
"""Writes charsets.txt: for each charset of one octet a character its name and the
SHA-256 of what the octets 80 to FF are in UTF-8, by Python's codecs, U+FFFD for
nothing."""

import hashlib

NAMES = (
    [f"iso-8859-{n}" for n in range(2, 17) if n != 12]
    + [f"windows-{n}" for n in range(1250, 1259)]
    + ["windows-874", "koi8-r", "koi8-u", "macintosh", "ibm437", "ibm850", "ibm866"]
)

for name in NAMES:
    codec = name.replace("windows-", "cp")
    text = "".join(bytes([c]).decode(codec, "replace") for c in range(0x80, 0x100))
    print(name, hashlib.sha256(text.encode()).hexdigest())
