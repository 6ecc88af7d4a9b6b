#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""laps.py PROGRAM MAKE_DATA: what `delayed` and `futures` answer, and how they refuse, on every kind of cluster."""
import csv
import os
import pathlib
import subprocess
import sys
import tempfile

PROGRAM, MAKE_DATA = (str(pathlib.Path(argument).resolve()) for argument in sys.argv[1:3])
NAME = pathlib.Path(PROGRAM).name
CLUSTERS = "threads://", "threads://2", "sync://"

HEADER = "raceId,driverId,lap,position,time,milliseconds\n"
LAPS = HEADER + '841,20,1,1,"1:38.109",98109\n841,1,1,2,1:40,100000\n841,20,2,1,1:33.006,93006\n'
LAPS_ANSWER = 98109, 93006, 5103
BOM = b"\xef\xbb\xbf"
MAX, MIN = 2**63 - 1, -2**63


def times(*values, driver=20):
    """A file in which one driver has the lap times VALUES."""
    return "driverId,milliseconds\n" + "".join(f"{driver},{value}\n" for value in values)


# what, the file, options, max, min and range
ANSWERS = [
    ("the plain file", LAPS, [], LAPS_ANSWER),
    ("another driver", LAPS, ["--driver", "1"], (100000, 100000, 0)),
    ("a driver with zeros before and a sign", LAPS, ["--driver=+0020"], LAPS_ANSWER),
    ("a negative driver", times(7, 9, driver=-3), ["--driver", "-3"], (9, 7, 2)),
    ("drivers are compared as numbers", "driverId,milliseconds\n020,1\n20.0,2\n+2e1,4\n20.5,9\n200,9\n", [], (4, 1, 3)),
    ("columns in another order", "milliseconds,x,driverId\n5,6,20\n", [], (5, 5, 0)),
    ("names are exact", "driverid,driverId ,driverId,milliseconds\n1,1,20,5\n", [], (5, 5, 0)),
    ("names and values in quotes", '"driverId","milliseconds"\n"20","5"\n"20","7"\n', [], (7, 5, 2)),
    ("new lines, commas and quotes in quotes", 'driverId,time,milliseconds\n20,"a\nb\r\n,""20"",1\n\n",5\n20,,7\n', [],
     (7, 5, 2)),
    ("CRLF", LAPS.replace("\n", "\r\n"), [], LAPS_ANSWER),
    ("CR", LAPS.replace("\n", "\r"), [], LAPS_ANSWER),
    ("a byte order mark", BOM + LAPS.encode(), [], LAPS_ANSWER),
    ("a byte order mark before quotes", BOM + b'"driverId","milliseconds"\n20,5\n', [], (5, 5, 0)),
    ("a byte order mark in quotes", b'"' + BOM + b'driverId","milliseconds"\n20,5\n', [], (5, 5, 0)),
    ("no final new line", LAPS[:-1], [], LAPS_ANSWER),
    ("no final new line after quotes", 'driverId,milliseconds\n20,"5"', [], (5, 5, 0)),
    ("no final new line after an empty field", times(5) + "20,", [], (5, 5, 0)),
    ("blank lines", "\n \n" + LAPS.replace("\n", "\n\n\t \r\n") + "\n\n", [], LAPS_ANSWER),
    ("missing values", times("", '""', "NaN", "nan", "NA", "null", "NULL", " ", 5, 7, ""), [], (7, 5, 2)),
    ("missing drivers", times(5) + ",1\nNaN,2\nNA,3\nnull,4\n", [], (5, 5, 0)),
    ("junk in other columns", LAPS.encode() + b"x,20,\x00\xff,1e999,NaN,95000\n,20,,,,95000\n", [], LAPS_ANSWER),
    ("other columns with the same name or none", "a,driverId,a,milliseconds,,\n1,20,2,5,3,4\n", [], (5, 5, 0)),
    ("a long field", f'driverId,x,milliseconds\n20,"{"long, " * 50000}",5\n', [], (5, 5, 0)),
    ("a long line of digits", times("0" * 5000 + "5", "7." + "0" * 5000), [], (7, 5, 2)),
    ("blanks around values", times(" 5", "7\t", '" 6 "'), [], (7, 5, 2)),
    ("the same value again", times(5, 5, 5), [], (5, 5, 0)),
    ("negative values", times(-5, "-7", "-0"), [], (0, -7, 7)),
    ("all of int64", times(0, MAX, MIN), [], (MAX, MIN, 2**64 - 1)),
    ("integers that no double holds", times(2**53 + 1, 2**53, 2**53 + 3), [], (2**53 + 3, 2**53, 3)),
    ("whole decimals are exact", times(f"{2**53 + 1}.0", "900719925474099.2e1", f"{MAX}.000", "+1.50e1"), [],
     (MAX, 15, MAX - 15)),
    ("exponents", times("1e3", "1E+2", "100000e-1", "0e99999999999999999999"), [], (10000, 0, 10000)),
    ("extremes with an exponent", times("9223372036854775.807e3", "-9.223372036854775808E18"), [],
     (MAX, MIN, 2**64 - 1)),
    ("decimals", times("1234.5", "1234.25", ".5", "5."), [], ("1234.5", "0.5", 1234)),
    ("decimals in the shortest form", times("0.3", "0.1", "0.2"), [], ("0.3", "0.1", 0.3 - 0.1)),
    ("tiny decimals", times("1e-5", "0.00025"), [], ("0.00025", "1e-05", 0.00025 - 1e-05)),
    ("decimals among integers", times(5, "5.5", 6, "4.75"), [], (6, 4.75, 1.25)),
    ("a decimal next to a large integer", times(2**53, "4503599627370495.5", 2**53 + 1), [],
     (2**53 + 1, 4503599627370495.5, 4503599627370496)),
    ("a fraction that no double holds", times("9007199254740993.4", "9223372036854775806.9"), [],
     (MAX - 1, 2**53 + 1, MAX - 1 - 2**53 - 1)),
]

# what, the file, options, line, message
REFUSALS = [
    ("too few fields", LAPS + "841,20,1\n" + LAPS, [], 5, "3 fields, but the header has 6"),
    ("too many fields", LAPS + "1,20,3,4,5,6,7\n", [], 5, "7 fields, but the header has 6"),
    ("one field", LAPS + "x\n", [], 5, "1 field, but the header has 6"),
    ("a comma at the end", LAPS + "1,20,3,4,5,6,\n", [], 5, "7 fields, but the header has 6"),
    ("too few fields explain a wrong value", times(5) + "20\nx\n", [], 3, "1 field, but the header has 2"),
    ("too many fields explain a wrong value", times(5) + "x,20,5\n", [], 3, "3 fields, but the header has 2"),
    ("too few fields in another driver's row", times(5) + "1\n", [], 3, "1 field, but the header has 2"),
    ("lines count, not rows", 'driverId,milliseconds,x\n20,5,"a\nb\r\nc"\n\n20,6\n', [], 6,
     "2 fields, but the header has 3"),
    ("lines of CRLF", times(5, 6).replace("\n", "\r\n") + "x", [], 4, "1 field, but the header has 2"),
    ("lines of CR", times(5, 6).replace("\n", "\r") + "x", [], 4, "1 field, but the header has 2"),
    ("a row of several lines begins in its first", times(5) + '"2\n0\n\n"\n', [], 3, "1 field, but the header has 2"),
    ("a value after a field of several lines", 'x,driverId,milliseconds\n"a\nb",20,y\n', [], 3,
     'milliseconds "y" is not a number'),
    ("beyond int64", times(5, 2**63), [], 3, 'milliseconds "9223372036854775808" is beyond a 64-bit integer'),
    ("below int64", times(5, -2**63 - 1), [], 3, 'milliseconds "-9223372036854775809" is beyond a 64-bit integer'),
    ("a decimal beyond int64", times(f"{MAX}.5"), [], 2, f'milliseconds "{MAX}.5" is beyond a 64-bit integer'),
    ("a decimal below int64", times(f"{MIN}.01"), [], 2, f'milliseconds "{MIN}.01" is beyond a 64-bit integer'),
    ("an exponent beyond int64", times("1e19"), [], 2, 'milliseconds "1e19" is beyond a 64-bit integer'),
    ("an exponent that is itself beyond int64", times(f"1e{2**64 + 1}"), [], 2,
     f'milliseconds "1e{2**64 + 1}" is beyond a 64-bit integer'),
    ("a huge integer", times("1" * 100), [], 2, f'milliseconds "{"1" * 40}..." is beyond a 64-bit integer'),
    ("a driver beyond int64", times(5, driver=2**64), [], 2,
     'driverId "18446744073709551616" is beyond a 64-bit integer'),
    ("beyond int64 in another driver's row", times(5) + f"1,{2**63}\n", [], 3,
     'milliseconds "9223372036854775808" is beyond a 64-bit integer'),
    ("a driver that is no number", times(5) + "Vettel,5\n", [], 3, 'driverId "Vettel" is not a number'),
    ("the first of several wrong rows", times("a", "b"), [], 2, 'milliseconds "a" is not a number'),
    ("the first of a row's wrong values", times(5) + "a,b\n", [], 3, 'driverId "a" is not a number'),
    ("a value with a new line", times('"5\n6"'), [], 2, 'milliseconds "5\\x0A6" is not a number'),
    ("a value with a NUL", times("5\0"), [], 2, 'milliseconds "5\\x00" is not a number'),
    ("digits that are not ASCII", times("５"), [], 2, 'milliseconds "\\xEF\\xBC\\x95" is not a number'),
    ("a missing column", "driverId,lap\n20,5\n", [], 1, 'there is no column "milliseconds"'),
    ("another missing column", "\nDRIVERID,milliseconds\n20,5\n", [], 2, 'there is no column "driverId"'),
    ("a name with blanks", "driverId, milliseconds\n20,5\n", [], 1, 'there is no column "milliseconds"'),
    ("a column that is there twice", "driverId,milliseconds,milliseconds\n20,5,6\n", [], 1,
     'two columns are named "milliseconds"'),
    ("an empty file", "", [], 1, "the file is empty"),
    ("a byte order mark alone", BOM, [], 1, "the file is empty"),
    ("blank lines alone", "\n \n\r\n", [], 3, "the file is empty"),
    ("a header only", HEADER, [], 1, "there is a header, but no row"),
    ("a header only, without new line", HEADER[:-1], [], 1, "there is a header, but no row"),
    ("an unknown driver", LAPS, ["--driver", "99"], 4, "driver 99 has no row up to here"),
    ("the largest driver", LAPS, ["--driver", str(MAX)], 4, f"driver {MAX} has no row up to here"),
    ("a driver without any value", times("", "NaN", "NA", "null") + "1,5\n", [], 6,
     "driver 20 has no milliseconds in any row up to here"),
    ("no driver at all", times(5, 6, driver=""), [], 3, "driver 20 has no row up to here"),
    ("quotes that are never closed", 'driverId,milliseconds,x\n20,5,"a\n20,6,b\n', [], 2,
     "the quotes of field 3 are never closed"),
    ("a quote inside a field", 'driverId,milliseconds,x\n20,5,6"\n20,6,b\n', [], 2,
     "field 3 has a quote in the wrong place"),
    ("a quote that is not doubled", 'driverId,milliseconds,x\n20,5,"6"7"\n', [], 2,
     "field 3 has a quote in the wrong place"),
    ("a blank after the quotes", 'driverId,milliseconds\n20,"5" \n', [], 2, "field 2 has a quote in the wrong place"),
] + [
    (f"no number: {text}", times(text), [], 2, f'milliseconds "{text}" is not a number')
    for text in ("1:38.109", "1e", "5e+", "e5", ".", "-", "+", "--5", "1.2.3", "0x10", "inf", "-nan", "N/A", "1 2",
                 "5ms")
]

# what, the command line without a cluster, the line on stderr
MISUSES = [
    ("no file of that name", ["--input", "absent.csv"], "absent.csv: No such file or directory"),
    ("a folder", ["--input", "folder"], "folder: Is a directory"),
    ("no input", [], f'{NAME}: --input is missing; "tools/make-data DIRECTORY" writes DIRECTORY/f1_laptime.csv, '
                     "which will do"),
] + [
    (f"driver \"{driver}\"", ["--input", "laps.csv", f"--driver={driver}"],
     f'{NAME}: --driver "{driver}" is not a 64-bit integer')
    for driver in ("", "Vettel", "20.0", "2e1", " 20", "20 ", "+-2", str(2**63))
]

count = 0


def check(what, wrong):
    global count
    count += 1
    print(f"{'not ' if wrong else ''}ok {count} - {what}")
    for line in str(wrong or "").splitlines():
        print(f"# {line}")


def run(arguments, directory, path="", **more):
    """PATH: where the program finds Graphviz."""
    return subprocess.run([PROGRAM, *arguments], cwd=directory, env=os.environ | {"PATH": str(path)}, timeout=300,
                          **({"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | more))


def shown(answer):
    return "".join(f"{name}\t{value}\n" for name, value in zip(("max", "min", "range"), answer)).encode()


def is_not_answer(ran, answer):
    """What is wrong with it, if anything. Stderr may say more, but not in lines that look like results."""
    said = ran.stderr.decode().splitlines()
    fine = ran.returncode == 0 and ran.stdout == shown(answer) and all(line.startswith(f"{NAME}: ") for line in said)
    return not fine and ran


def is_not_refusal(ran, begin, end):
    said = ran.stderr.decode()
    fine = (ran.returncode == 1 and ran.stdout == b"" and said.count("\n") == 1 and said.startswith(begin)
            and said.endswith(end + "\n"))
    return not fine and f"{ran}\nwanted: {begin} ... {end}"


def write(path, text):
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def check_tables(cluster, directory):
    for what, text, options, answer in ANSWERS:
        write(directory / "laps.csv", text)
        ran = run(["--cluster", cluster, "--input", "laps.csv", *options], directory)
        check(f"{cluster}: {what}", is_not_answer(ran, answer))
    for what, text, options, line, message in REFUSALS:
        write(directory / "laps.csv", text)
        ran = run(["--cluster", cluster, "--input", "laps.csv", *options], directory)
        # a task that failed has its name before the message
        check(f"{cluster}: {what}", is_not_refusal(ran, f"laps.csv:{line}: ", message))
    write(directory / "laps.csv", LAPS)
    for what, options, message in MISUSES:
        ran = run(["--cluster", cluster, *options], directory)
        check(f"{cluster}: {what}", is_not_refusal(ran, message, ""))


def check_made_data(cluster, directory):
    """Against Python's csv module, for every driver of a larger file."""
    of_driver = {}
    with open(directory / "made" / "f1_laptime.csv", newline="") as file:
        for row in csv.DictReader(file):
            if row["milliseconds"]:
                of_driver.setdefault(int(row["driverId"]), []).append(int(row["milliseconds"]))
    for driver, values in of_driver.items():
        ran = run(["--cluster", cluster, "--input", "made/f1_laptime.csv", "--driver", str(driver)], directory)
        answer = max(values), min(values), max(values) - min(values)
        check(f"{cluster}: driver {driver} of {len(of_driver)}, {len(values)} laps", is_not_answer(ran, answer))


def check_streams(directory):
    ran = run(["--input", "/dev/stdin"], directory, input=LAPS.encode())
    check("the input is a pipe", is_not_answer(ran, LAPS_ANSWER))
    long = "folder/../" * 100 + "laps.csv"
    write(directory / "laps.csv", times("x"))
    check("a long path", is_not_refusal(run(["--input", long], directory), f"{long}:2: ", "is not a number"))
    write(directory / "laps.csv", LAPS)
    with open("/dev/full", "w") as full:
        ran = run(["--input", "laps.csv"], directory, stdout=full)
        fine = ran.returncode == 1 and b"the results cannot be written" in ran.stderr
        check("the output cannot be written", not fine and ran)


def check_command_line(directory):
    for what, arguments in (("unknown option", ["--nonsense"]), ("stray argument", ["x"]), ("no value", ["--driver"]),
                            ("no such cluster", ["--input", "laps.csv", "--cluster", "moon://"])):
        ran = run(arguments, directory)
        fine = ran.returncode == 1 and ran.stdout == b"" and ran.stderr
        check(what, not fine and ran)
    ran = run(["--help"], directory)
    check("help", (ran.returncode != 0 or not ran.stdout.startswith(b"usage: ") or ran.stderr) and ran)


def check_pictures(scratch):
    """With a Graphviz that works, one that fails, none, and where nothing can be written."""
    source = write(scratch / "laps.csv", LAPS)

    def drawn(what, directory, path, files, said):
        ran = run(["--input", source], directory, path)
        check(f"picture: {what}", is_not_answer(ran, LAPS_ANSWER) or said not in ran.stderr and ran)
        if files is not None:
            left = sorted(file.name for file in directory.iterdir())
            check(f"picture: {what}: the files", left != files and left)

    def place(name, script=None):
        directory, programs = scratch / name, scratch / f"{name} programs"
        directory.mkdir()
        programs.mkdir()
        if script:
            write(programs / "dot", f"#!/bin/sh\n{script}\n").chmod(0o755)
        return directory, programs

    # it is called as: dot -Tsvg -o TO FROM
    directory, programs = place("works", 'echo "<svg>$1</svg>" > "$3"')
    drawn("Graphviz works", directory, programs, ["delayed.svg"], b"drawn in delayed.svg")
    check("picture: it is Graphviz's", (directory / "delayed.svg").read_text() != "<svg>-Tsvg</svg>\n")

    directory, programs = place("none")
    drawn("no Graphviz", directory, programs, ["delayed.dot"], b"described in delayed.dot")
    text = (directory / "delayed.dot").read_text()
    kernels = [text.count(f'label="{name}"') for name in ("driver_laps", "max_lap", "min_lap", "range_lap")]
    check("picture: four tasks, four edges", (kernels != [1] * 4 or text.count("->") != 4) and text)

    directory, programs = place("fails", "exit 3")
    drawn("Graphviz fails", directory, programs, None, b"not drawn: ")

    drawn("a directory that is not writable", pathlib.Path("/proc"), "", None, b"not drawn: ")


with tempfile.TemporaryDirectory() as temporary:
    scratch = pathlib.Path(temporary)
    (scratch / "folder").mkdir()
    subprocess.run([MAKE_DATA, scratch / "made", "--rows", "5000"], check=True)
    for cluster in CLUSTERS:
        check_tables(cluster, scratch)
        check_made_data(cluster, scratch)
    check_streams(scratch)
    check_command_line(scratch)
    if NAME == "delayed":
        check_pictures(scratch)
print(f"1..{count}")
