#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""install.py SOURCE VERSION: installs bask from SOURCE, shared and static, and uses it from outside."""
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
from tap import Failure, Skip, need, refused, report, run, same

source, version = pathlib.Path(sys.argv[1]), sys.argv[2]
major, minor, _ = version.split(".")
scratch = pathlib.Path(tempfile.mkdtemp())
shared, static, moved = scratch / "shared", scratch / "static", scratch / "moved"
library = shared / "lib" / "libbask.so"
program, allocator = scratch / "program.c", here / "allocator.c"
program.write_text(readme.program(source))
for name in ("LD_LIBRARY_PATH", "LD_PRELOAD", "DESTDIR", "CFLAGS", "CXXFLAGS", "LDFLAGS", "BASK_CLUSTER"):
    os.environ.pop(name, None)
compilers = {"C": [os.environ.get("CC", "cc"), "-std=c11"],
             "C++": [os.environ.get("CXX", "c++"), "-std=c++17", "-xc++"]}


def install(prefix):
    """From a build of its own: what a build directory installs to is settled when it is set up."""
    build = scratch / f"build-{prefix.name}"
    run("meson", "setup", build, source, f"--prefix={prefix}", "--libdir=lib", "--buildtype=debug",
        "-Dtests=false", "-Dexamples=false", f"-Ddefault_library={prefix.name}")
    run("ninja", "-C", build, "-j2")
    run("meson", "install", "-C", build, "--no-rebuild")


def headers():
    run("diff", "-r", source / "include", shared / "include")


def soname():
    same(re.findall(r"SONAME\s+(\S+)", run("objdump", "-p", library)), ["libbask.so.0"])


def exports():
    names = run("nm", "-D", "--defined-only", "--with-symbol-versions", library)
    names = [line.split()[2] for line in names.splitlines() if " A " not in line]
    if "bask_open@@BASK_0" not in names:
        raise Failure("bask_open is missing")
    same([name for name in names if not re.fullmatch(r"bask_\w+@@BASK_0", name)], [])


def archive_exports():
    archive = next(static.glob("lib/**/libbask.a"))
    names = [line.split()[2] for line in run("nm", "-g", "--defined-only", archive).splitlines() if " " in line]
    same([name for name in names if not name.startswith("bask_")], [])


def needs_libbask(binary, wanted):
    same("libbask.so.0" in run("objdump", "-p", binary), wanted)


# ---- pkg-config ----

def package(prefix, *options):
    path = {**os.environ, "PKG_CONFIG_PATH": str(prefix / "lib" / "pkgconfig")}
    return run("pkg-config", *options, env=path).split()


def linked(prints, prefix, language, text, name, *options):
    """Builds TEXT as a user would who has nothing but NAME.pc, and runs it."""
    need(compilers[language][0])
    out = scratch / "out"
    run(*compilers[language], "-Wall", "-Wextra", "-Wpedantic", "-Werror", text, "-xnone",
        *package(prefix, *options, "--cflags", "--libs", name), f"-Wl,-rpath,{prefix}/lib", "-lm", "-o", out)
    needs_libbask(out, prefix != static)
    same(run(out), prints)


def linked_with_all_of_hwloc():
    """Where that can be linked: some of its own libraries are in packages that it does not bring along."""
    try:
        run(*compilers["C"], "-shared", "-o", scratch / "hwloc.so", *package(static, "--static", "--libs", "hwloc"))
    except Failure as failure:
        raise Skip(str(failure).splitlines()[1]) from None
    linked(readme.PRINTS, static, "C", program, "bask", "--static")


# ---- CMake ----

def consumer(prefix, language, wanted):
    """The command that configures the project beside this file."""
    shutil.rmtree(scratch / "consumer", ignore_errors=True)
    return ["cmake", "-GNinja", "-S", here / "consumer", "-B", scratch / "consumer", f"-DPROGRAM={program}",
            f"-DALLOCATOR={allocator}", f"-DCMAKE_PREFIX_PATH={prefix}", f"-DLANGUAGE={language}",
            f"-DWANTED={wanted}"]


def consumed(prefix, language, wanted):
    need("cmake")
    if language == "CXX":
        need(compilers["C++"][0])
    run(*consumer(prefix, language, wanted))
    run("cmake", "--build", scratch / "consumer", "-j2")
    for name, prints in ("program", readme.PRINTS), ("allocator", "libc\n"), ("allocator-jemalloc", "jemalloc\n"):
        needs_libbask(scratch / "consumer" / name, prefix != static)
        same(run(scratch / "consumer" / name), prints)


def not_consumed(wanted):
    need("cmake")
    said = refused(*consumer(shared, "NONE", wanted))
    if f"baskConfig.cmake, version: {version}" not in said:
        raise Failure(said)


def packaged(wanted, *options):
    same(package(shared, *options), wanted)


def relocated(wanted):
    shared.rename(moved)
    consumed(moved, "C", wanted)


this, next_minor, next_major = f"{major}.{minor}", f"{major}.{int(minor) + 1}", str(int(major) + 1)
checks = [
    ("a shared build installs", install, shared),
    ("a static build installs", install, static),
    ("all headers are installed", headers),
    ("the soname is libbask.so.0", soname),
    ("libbask.so exports nothing but bask_ names of version BASK_0", exports),
    ("libbask.a exports nothing but bask_ names", archive_exports),
    ("Python loads libbask.so", run, sys.executable, here / "load.py", library, version),

    ("bask.pc knows the version", packaged, [version], "--modversion", "bask"),
    ("bask.pc requires hwloc privately", packaged, ["hwloc"], "--print-requires-private", "bask"),
    ("bask.pc links libbask alone", packaged, ["-lbask"], "--libs-only-l", "bask"),
    *((f"{name}.pc, {language}: {what}", linked, prints, shared, language, text, name)
      for language in compilers
      for name, place in (("bask", "libc"), ("bask-jemalloc", "jemalloc"))
      for what, text, prints in (("the program", program, readme.PRINTS),
                                 (f"results come from {place}", allocator, f"{place}\n"))),
    ("static bask.pc: the program", linked, readme.PRINTS, static, "C", program, "bask"),
    ("static bask.pc: --static, the program", linked_with_all_of_hwloc),
    ("static bask-jemalloc.pc: results come from jemalloc",
     linked, "jemalloc\n", static, "C", allocator, "bask-jemalloc"),

    ("CMake, C", consumed, shared, "C", this),
    ("CMake, C++", consumed, shared, "CXX", this),
    ("CMake, static", consumed, static, "C", this),
    ("CMake, the exact version", consumed, shared, "C", f"{version};EXACT"),
    ("CMake, a range of versions", consumed, shared, "C", f"0.0.1...<{next_major}"),
    ("CMake refuses a newer minor version", not_consumed, next_minor),
    ("CMake refuses a newer major version", not_consumed, next_major),
    ("CMake refuses a range of newer versions", not_consumed, f"{next_minor}...{next_major}"),
    ("CMake, an installed tree that has been moved", relocated, this),
]
try:
    report(checks)
finally:
    shutil.rmtree(scratch)
