#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""header.py SOURCE LIBRARY: the public headers, in front of each compiler that is installed."""
import os
import pathlib
import re
import shutil
import sys
import tempfile

here = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(here.parent / "support"))
sys.dont_write_bytecode = True
import readme
from tap import Failure, refused, report, run, same

source, library = (pathlib.Path(path).resolve() for path in sys.argv[1:])
include = source / "include"
scratch = pathlib.Path(tempfile.mkdtemp())
os.environ.pop("BASK_CLUSTER", None)
os.environ["LC_ALL"] = "C"

PLAIN = ["-Wall", "-Wextra", "-Wpedantic"]
STRICT = [*PLAIN, "-Werror", "-Wconversion", "-Wsign-conversion", "-Wshadow", "-Wcast-align", "-Wcast-qual",
          "-Wundef", "-Wredundant-decls", "-Wmissing-declarations"]
STRICT_C = [*STRICT, "-Wmissing-prototypes", "-Wstrict-prototypes", "-Wwrite-strings", "-Wc++-compat"]
STANDARDS = {"c": ["c11", "gnu11", "c17", "c2x"], "c++": ["c++17", "c++11", "c++14", "c++20"]}
LANGUAGES = {"gcc": "c", "clang": "c", "g++": "c++", "clang++": "c++"}
compilers = [name for name in LANGUAGES if shutil.which(name)]
libraries = [library, "-lm",
             *(["-lhwloc", "-pthread"] if library.suffix == ".a" else [f"-Wl,-rpath,{library.parent}"])]


def compiler(name, standard=None):
    language = LANGUAGES[name]
    return [name, f"-std={standard or STANDARDS[language][0]}", f"-x{language}", f"-I{include}"]


def strict(name):
    return [*compiler(name), *(STRICT_C if LANGUAGES[name] == "c" else STRICT)]


def alone_and_twice(name, header):
    text = scratch / f"{name}-{header.replace('/', '-')}"
    text.write_text(f"#include <{header}>\n#include <{header}>\ntypedef int not_empty;\n")
    casts = ["-Wold-style-cast"] if LANGUAGES[name] == "c++" else []
    run(*strict(name), *casts, "-fsyntax-only", text)


def starting(name, standard):
    text, program = scratch / "starting.c", scratch / f"starting-{name}-{standard}"
    run(*compiler(name, standard), *PLAIN, "-Werror", text, "-xnone", *libraries, "-o", program)
    same(run(program), readme.PRINTS)


def kernels(name, other, optimise):
    """Two files that both include bask.h, one of them perhaps in the other language."""
    made = scratch / f"kernels-{name}-{other}{optimise}"
    for compiles, file in (name, "kernels"), (other, "outside"):
        run(*strict(compiles), optimise, "-c", here / f"{file}.c", "-o", f"{made}-{file}.o")
    run(name, f"{made}-kernels.o", f"{made}-outside.o", *libraries, "-o", made)
    run(made, "sync://", "threads://2")


def mismatch(name):
    program = scratch / f"mismatch-{name}"
    run(*strict(name), here / "mismatch.c", "-xnone", *libraries, "-o", program)
    run(program, "sync://", "threads://2")


def fault(name, macro, kind, patterns):
    flags = PLAIN + (["-Werror"] if kind == "warning" else [])
    said = refused(*compiler(name), *flags, f"-D{macro}", "-S", here / "faults.c", "-o", "/dev/null")
    # without the lines of the program that compilers show: these name everything
    said = "\n".join(line for line in said.splitlines() if re.search(r"(error|warning|note): ", line))
    for pattern in patterns.split(" and "):
        if not re.search(pattern, said):
            raise Failure(f"wanted {pattern}\n{said}")


headers = sorted(str(path.relative_to(include)) for path in include.rglob("*.h"))
faults = re.findall(r"^#ifdef (\w+) +/\* (error|warning): (.*) \*/$", (here / "faults.c").read_text(), re.M)
(scratch / "starting.c").write_text(readme.program(source))
checks = []
for name in compilers:
    checks += [
        *((f"{name}: {header} alone and twice", alone_and_twice, name, header) for header in headers),
        *((f"{name}: the program of the README as {standard}", starting, name, standard)
          for standard in STANDARDS[LANGUAGES[name]]),
        *((f"{name} {optimise}: kernels of every shape", kernels, name, name, optimise)
          for optimise in ("-O0", "-O2")),
        *((f"{name}: kernels of every shape, beside a file of {other}", kernels, name, other, "-O1")
          for other in compilers if LANGUAGES[name] == "c++" and LANGUAGES[other] == "c"),
        (f"{name}: types that only a run can tell apart", mismatch, name),
        (f"{name}: what the faults are added to", run, *strict(name), "-S", here / "faults.c", "-o", "/dev/null"),
        *((f"{name} refuses: {macro.lower().replace('_', ' ')}", fault, name, macro, kind, patterns)
          for macro, kind, patterns in faults)]
try:
    report(checks)
finally:
    shutil.rmtree(scratch)
