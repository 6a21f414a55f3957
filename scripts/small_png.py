"""A PNG of at most 256 colours from one of any: what a page has is flat, so that nobody sees it."""

import collections
import struct
import zlib


def chunks(data):
    at = 8
    while at < len(data):
        length = struct.unpack(">I", data[at : at + 4])[0]
        yield data[at + 4 : at + 8], data[at + 8 : at + 8 + length]
        at += length + 12


def paeth(a, b, c):
    p = a + b - c
    pa, pb, pc = abs(p - a), abs(p - b), abs(p - c)
    return a if pa <= pb and pa <= pc else b if pb <= pc else c


def rows(raw, width, size):
    """The rows without their filters (PNG, third edition, 9)."""
    stride, at, before = width * size, 0, bytearray(width * size)
    while at < len(raw):
        kind, row = raw[at], bytearray(raw[at + 1 : at + 1 + stride])
        for i in range(stride if kind else 0):
            left = row[i - size] if i >= size else 0
            corner = before[i - size] if i >= size else 0
            add = [0, left, before[i], (left + before[i]) // 2, 0][kind]
            if kind == 4:
                add = paeth(left, before[i], corner)
            row[i] = (row[i] + add) & 255
        yield row
        before, at = row, at + 1 + stride


def small(data):
    """The same picture with a palette of its 256 commonest colours; others become the nearest."""
    parts = list(chunks(data))
    width, height, depth, kind = struct.unpack(">IIBB", parts[0][1][:10])
    size = {2: 3, 6: 4}[kind]
    if depth != 8:
        raise ValueError("eight bits a channel are read")
    raw = zlib.decompress(b"".join(part for name, part in parts if name == b"IDAT"))
    pixels = [[bytes(row[i : i + 3]) for i in range(0, width * size, size)] for row in rows(raw, width, size)]
    count = collections.Counter(pixel for row in pixels for pixel in row)
    palette = [pixel for pixel, _ in count.most_common(256)]
    number = {pixel: at for at, pixel in enumerate(palette)}
    for pixel in count:
        if pixel not in number:
            distance = [sum((a - b) ** 2 for a, b in zip(pixel, known)) for known in palette]
            number[pixel] = distance.index(min(distance))
    body = b"".join(b"\0" + bytes(number[pixel] for pixel in row) for row in pixels)

    def chunk(name, part):
        return struct.pack(">I", len(part)) + name + part + struct.pack(">I", zlib.crc32(name + part))

    head = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    told = chunk(b"IHDR", head) + chunk(b"PLTE", b"".join(palette)) + chunk(b"IDAT", zlib.compress(body, 9))
    return data[:8] + told + chunk(b"IEND", b"")
