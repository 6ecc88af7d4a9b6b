#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""packages.py PROGRAM: the example `packages` against a serial implementation of its own, in Python."""
import pathlib
import random
import re
import subprocess
import sys
import tempfile

program = sys.argv[1]
scratch = tempfile.TemporaryDirectory()
INT64_MAX = 2**63 - 1
CLUSTERS = ["threads://", "threads://1", "threads://8", "sync://"]
INPUT = pathlib.Path(scratch.name, "input")
RANGES = [1, 7, 30, 64, 100, 10**9]


class Bad(Exception):
    """Bad input, at a line."""


def serial(text):
    """The lines that the program prints for TEXT; raises Bad."""
    counts, record, start, last = {}, None, 0, None

    def end_record():
        if record is None:
            return
        if b"package" not in record:
            raise Bad(start)
        packages, kib = counts.get(record.get(b"section") or b"unknown", (0, 0))
        kib += record.get(b"installed-size", 0)
        if kib > INT64_MAX:
            raise Bad(size_line)
        counts[record.get(b"section") or b"unknown"] = (packages + 1, kib)

    lines = text.split(b"\n")
    if lines[-1] == b"":
        lines.pop()
    for number, line in enumerate(lines, 1):
        if b"\0" in line:
            raise Bad(number)
        if line.endswith(b"\r"):
            line = line[:-1]
        if not line:
            end_record()
            record = None
        elif line[0] in b" \t":
            if record is None or last in (b"package", b"section", b"installed-size"):
                raise Bad(number)
        else:
            field = re.match(rb"([!\"$-,.-9;-~][!-9;-~]*):", line)
            if not field:
                raise Bad(number)
            if record is None:
                record, start = {}, number
            last = field[1].lower()
            value = line[field.end():].strip(b" \t")
            if last in (b"package", b"section", b"installed-size"):
                if last in record:
                    raise Bad(number)
                if last == b"package" and not value or last == b"section" and re.search(rb"[\x01-\x20]", value):
                    raise Bad(number)
                if last == b"installed-size":
                    if not re.fullmatch(rb"[0-9]+", value) or int(value) > INT64_MAX:
                        raise Bad(number)
                    value, size_line = int(value), number
                record[last] = value
    end_record()
    if not counts:
        raise Bad(1)
    largest = sorted(counts.items(), key=lambda section: (-section[1][1], section[0]))[:10]
    return b"".join(b"%s\t%d\t%d\n" % (name, packages, kib) for name, (packages, kib) in largest)


# ---- points ----

points = 0


def point(wrong, name):
    """One line of TAP; WRONG says what is not as it should be, or is empty."""
    global points
    points += 1
    print(f"{'not ok' if wrong else 'ok'} {points} - {name}", flush=True)
    if wrong:
        print("\n".join("# " + line for line in str(wrong).splitlines()), flush=True)


def run(*arguments, stdin=None):
    return subprocess.run([program, *map(str, arguments)], input=stdin, capture_output=True)


def printed(ran, want):
    """What is wrong with a run that must print WANT."""
    if ran.returncode or ran.stdout != want:
        return f"exit {ran.returncode}, printed {ran.stdout}, not {want}; {ran.stderr}"
    if not re.search(rb"^packages: \d+ tasks on \d+ workers of \S+, \d+ steals$", ran.stderr, re.M):
        return f"no summary: {ran.stderr}"
    if not re.search(rb"speed-up [0-9.]+ ", ran.stderr):
        return f"no speed-up: {ran.stderr}"
    return ""


def refused(ran, name, line):
    """What is wrong with a run that must fail with one message, about LINE of the file NAME."""
    if ran.returncode != 1 or ran.stdout:
        return f"exit {ran.returncode}, printed {ran.stdout}; {ran.stderr}"
    if not re.fullmatch(re.escape(f"{name}:{line}: ").encode() + rb"[^\n]+\n", ran.stderr):
        return f"{ran.stderr} does not name line {line}"
    return ""


def file_of(text):
    INPUT.write_bytes(text)
    return INPUT


def everywhere(check, text):
    """The first complaint of CHECK(run of the program), at any range size and on any cluster."""
    file_of(text)
    for i, size in enumerate(RANGES):
        cluster = CLUSTERS[i % len(CLUSTERS)]
        wrong = check(run("--cluster", cluster, "--range", size, "--input", INPUT))
        if wrong:
            return f"{cluster} --range {size}: {wrong}"
    return ""


def good(name, text, want):
    if serial(text) != want:
        point(f"the serial pass of the test itself finds {serial(text)}, not {want}", name)
    else:
        point(everywhere(lambda ran: printed(ran, want), text), name)


def bad(name, text, line):
    try:
        point(f"the serial pass of the test itself finds {serial(text)}", name)
    except Bad as where:
        if where.args[0] != line:
            point(f"the serial pass of the test itself names line {where}, not {line}", name)
        else:
            point(everywhere(lambda ran: refused(ran, INPUT, line), text), name)


A = b"Package: a\nSection: games\nInstalled-Size: 5\n"
B = b"Package: b\nSection: contrib/net\nInstalled-Size: 7\nDescription: b\n of two lines\n\t.\n"
C = b"Package: c\nInstalled-Size: 5\nSection: games\n"
BOTH = b"games\t2\t10\ncontrib/net\t1\t7\n"

good("records, fields in any order, continuation lines", A + b"\n" + B + b"\n" + C, BOTH)
good("no newline at the end", (A + b"\n" + B + b"\n" + C)[:-1], BOTH)
good("many blank lines, also at both ends", b"\n\n\n" + A + b"\n\n\n\n" + B + b"\n\n" + C + b"\n\n\n\n\n", BOTH)
good("lines end in CR LF", (A + b"\n" + B + b"\n\n" + C + b"\n").replace(b"\n", b"\r\n"), BOTH)
good("CR LF and LF are mixed", A + b"\r\n" + B.replace(b"\n", b"\r\n") + b"\n\r\n" + C[:-1] + b"\r", BOTH)
good("names of fields in any case", A.upper().replace(b"GAMES", b"games") + b"\n" + B.lower() + b"\n" + C, BOTH)
good("blanks around values", b"Package:a\nSection: \t games \t\nInstalled-Size:5  \n\n" + C, b"games\t2\t10\n")
good("the case of sections counts", b"Package: a\nSection: Games\n\n" + A, b"games\t1\t5\nGames\t1\t0\n")
good("no Section is unknown", b"Package: a\nInstalled-Size: 3\n\nPackage: b\nSection:\n\n" + A,
     b"games\t1\t5\nunknown\t2\t3\n")
good("no Installed-Size is 0", b"Package: a\nSection: games\n\n" + C, b"games\t2\t5\n")
good("a section called unknown", b"Package: a\nSection: unknown\n\nPackage: b\n", b"unknown\t2\t0\n")
good("fields and values that only look like those counted",
     b"Package: a\nX-Section: x\nInstalled-Size-Old: 9\nSize: 8\nSections: y\nDescription: Section: z\n Section: z\n",
     b"unknown\t1\t0\n")
good("UTF-8 in values", "Package: a\nSection: spaß\nMaintainer: Ł ✓\n".encode(), "spaß\t1\t0\n".encode())
good("the largest size", b"Package: a\nInstalled-Size: 9223372036854775807\n\nPackage: b\nInstalled-Size: 0\n",
     b"unknown\t2\t9223372036854775807\n")
good("ten of twelve sections, ties by name",
     b"\n".join(b"Package: p\nSection: s%02d\nInstalled-Size: %d\n" % (i, i // 4) for i in range(12)),
     b"".join(b"s%02d\t1\t%d\n" % (i, i // 4) for i in (8, 9, 10, 11, 4, 5, 6, 7, 0, 1)))
good("a section's name may be the beginning of another's",
     b"Package: a\nSection: net\n\nPackage: b\nSection: network\n\nPackage: c\nSection: net\n",
     b"net\t2\t0\nnetwork\t1\t0\n")
good("more sections than a table begins with",
     b"\n".join(b"Package: p\nSection: s%d\nInstalled-Size: %d\n" % (i % 700, i) for i in range(1400)),
     b"".join(b"s%d\t2\t%d\n" % (i, 2 * i + 700) for i in range(699, 689, -1)))

FIRST = A + b"\n" + B + b"\n"  # ten lines and a blank one more: what follows begins in line 12
assert FIRST.count(b"\n") == 11
for name, text, line in [
        ("a line that is no field", b"Package: x\nnonsense\n", 13),
        ("a field without a name", b"Package: x\n: y\n", 13),
        ("a blank in a field's name", b"Package: x\nInstalled Size: 4\n", 13),
        ("a comment", b"# Package: x\nPackage: x\n", 12),
        ("a name that begins with a hyphen", b"Package: x\n-Section: y\n", 13),
        ("a name that is not ASCII", "Package: x\nGröße: 3\n".encode(), 13),
        ("a continuation line without a field", b" x\nPackage: x\n", 12),
        ("a line of blanks between records", b"Package: x\n\n  \nPackage: y\n", 14),
        ("a section of two lines", b"Package: x\nSection: a\n b\n", 14),
        ("a section of two words", b"Package: x\nSection: a b\n", 13),
        ("a section with a tab", b"Package: x\nSection: a\tb\n", 13),
        ("a field that is there twice", b"Package: x\nSection: a\nsection: a\n", 14),
        ("a size that is no number", b"Package: x\nInstalled-Size: 12k\nSection: y\n", 13),
        ("an empty size", b"Package: x\nInstalled-Size:\n", 13),
        ("a negative size", b"Package: x\nInstalled-Size: -1\n", 13),
        ("a size with a sign", b"Package: x\nInstalled-Size: +1\n", 13),
        ("a size with a fraction", b"Package: x\nInstalled-Size: 1.5\n", 13),
        ("a size beyond int64", b"Package: x\nInstalled-Size: 9223372036854775808\n", 13),
        ("a size far beyond int64", b"Package: x\nInstalled-Size: 99999999999999999999999999\n", 13),
        ("a sum beyond int64, of records apart",
         b"Package: x\nInstalled-Size: 9223372036854775800\nSection: games\n\n" + C + b"\n" + A, 17),
        ("a sum beyond int64 comes before a bad line",
         b"Package: x\nInstalled-Size: 9223372036854775803\nSection: games\n\n" + A + b"\n" + b"nonsense", 13),
        ("a bad line comes before a sum beyond int64",
         b"nonsense\nPackage: x\nInstalled-Size: 9223372036854775803\nSection: games\n\n" + A, 12),
        ("no Package", b"Version: 1\nSection: games\n\nPackage: y\n", 12),
        ("no Package in the last record", b"Package: y\n\n\nVersion: 1\nSection: games", 15),
        ("an empty Package", b"Section: y\nPackage: \n", 13),
        ("a NUL byte in a value", b"Package: x\nDescription: a\0b\n", 13),
        ("a NUL byte after a bad line", b"Package: x\nnonsense\n\nPackage: \0\n", 13),
        ("a NUL byte at the end", b"Package: x\n\n\0", 14),
        ("the first of several bad lines", b"Package: x\n\nfirst\n\nPackage: y\n\nsecond\n\nthird\n", 14)]:
    bad(name, FIRST + text, line)
    bad(name + ", CR LF", (FIRST + text).replace(b"\n", b"\r\n"), line)
bad("an empty file", b"", 1)
bad("only blank lines", b"\n\r\n\n", 1)
bad("only a NUL byte", b"\0", 1)
bad("one bad line without an end", b"nonsense", 1)

# ---- ranges ----

both = FIRST + C
file_of(both)
wrong = ""
for size in range(1, len(both) + 2):
    wrong = wrong or printed(run("--range", size, "--input", INPUT), BOTH)
point(wrong, "ranges that end at any byte")
for size, ranges, tasks in (1, 3, 5), (len(A) + 1, 3, 5), (len(A) + 2, 2, 3), (len(both), 1, 1):
    ran = run("--range", size, "--input", INPUT)
    cut = f": {ranges} ranges, {tasks} tasks\n".encode()
    point("" if cut in ran.stderr else ran, f"{ranges} ranges of {size} bytes")

# ---- other inputs ----

missing = pathlib.Path(scratch.name, "missing")
point(refused(run("--input", missing), missing, 1), "a missing file")
point(refused(run("--input", scratch.name), scratch.name, 1), "a folder")
point(printed(run("--input", "-", stdin=both), BOTH), "standard input")
point(refused(run("--input", "-", stdin=both + b"x"), "<stdin>", 15), "bad standard input")
with open("/dev/full", "wb") as full:
    ran = subprocess.run([program, "--input", file_of(both)], stdout=full, stderr=subprocess.PIPE)
point("" if ran.returncode == 1 and ran.stderr.count(b"\n") == 1 else ran, "standard output that is full")
for size in "0", "-1", "1k", "":
    ran = run("--input", file_of(both), f"--range={size}")
    point("" if ran.returncode == 1 and not ran.stdout and ran.stderr.count(b"\n") == 1 else ran, f"--range={size}")
ran = run("--input", file_of(both), "--cluster", "nowhere://")
point("" if ran.returncode == 1 and not ran.stdout and b"nowhere" in ran.stderr else ran, "an unknown cluster")

# ---- random texts, good and bad ----

chosen = random.Random(1)
PARTS = [[b"Package: p"], [b"Section: a", b"section: b/c", b"SECTION: d"],
         [b"Installed-Size: 1", b"Installed-Size: 20"], [b"Version: 3"], [b"Description: x", b" more", b"\tmore"]]
FAULTS = [b"nonsense", b"Installed-Size: x", b"Installed-Size: 9223372036854775800", b" ", b"Section: c", b"\0", b":"]


def random_text(faults):
    lines = []
    for _ in range(chosen.randrange(1, 40)):
        parts = [PARTS[0]] + [part for part in PARTS[1:] if chosen.random() < 0.7]
        chosen.shuffle(parts)
        for part in parts:
            lines += part if part is PARTS[-1] else [chosen.choice(part)]
        lines += [b""] * chosen.randrange(1, 4)
    for _ in range(faults):
        lines.insert(chosen.randrange(len(lines) + 1), chosen.choice(FAULTS))
    return b"".join(line + chosen.choice([b"\n", b"\r\n"]) for line in lines)


wrong, outcomes = "", {"good": 0, "bad": 0}
for i in range(48):
    text = random_text(faults=i % 4)
    try:
        want = serial(text)
        outcomes["good"] += 1
        wrong = everywhere(lambda ran: printed(ran, want), text)
    except Bad as where:
        line = where.args[0]
        outcomes["bad"] += 1
        wrong = everywhere(lambda ran: refused(ran, INPUT, line), text)
    if wrong:
        wrong = f"{text}\n{wrong}"
        break
point(wrong, "random texts")
point("" if min(outcomes.values()) >= 10 else outcomes, "some of the random texts are good, some are bad")

# ---- the real data ----

try:
    available = subprocess.run(["apt-cache", "dumpavail"], stdout=subprocess.PIPE, check=True).stdout
except FileNotFoundError:
    available = b""
if available:
    want = serial(available)
    path = file_of(available)
    for cluster in CLUSTERS:
        point(printed(run("--cluster", cluster, "--input", path), want), f"apt-cache dumpavail on {cluster}")
    point(printed(run("--range", 1, "--input", path), want), "apt-cache dumpavail, a range for each record")
    point(printed(run(), want), "apt-cache dumpavail, run by the program")
else:
    points += 1
    print(f"ok {points} - apt-cache dumpavail # SKIP it prints nothing here")
print(f"1..{points}")
