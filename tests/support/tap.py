# SPDX-License-Identifier: Apache-2.0
"""Tests that are scripts: checks, and their report in the Test Anything Protocol."""
import shutil
import subprocess


class Failure(Exception):
    """What a check found wrong, in words."""


class Skip(Exception):
    """Why a check cannot be made here."""


def run(*command, **options):
    """Runs COMMAND, which must succeed, and returns what it printed."""
    done = subprocess.run(command, capture_output=True, text=True, **options)
    if done.returncode:
        raise Failure(f"{' '.join(map(str, command))}\n{done.stdout}{done.stderr}status {done.returncode}")
    return done.stdout


def refused(*command, **options):
    """Runs COMMAND, which must fail, and returns all that it printed."""
    done = subprocess.run(command, capture_output=True, text=True, **options)
    if done.returncode <= 0:
        raise Failure(f"{' '.join(map(str, command))}\n{done.stdout}{done.stderr}status {done.returncode}")
    return done.stdout + done.stderr


def same(got, wanted):
    if got != wanted:
        raise Failure(f"wanted {wanted!r}\ngot    {got!r}")


def need(tool):
    if not shutil.which(tool):
        raise Skip(f"{tool} is not installed")


def report(checks):
    """Makes CHECKS in order: tuples of what it is that holds, a function that raises a Failure when it does
    not, and the function's arguments."""
    for number, (what, function, *arguments) in enumerate(checks, 1):
        state, rest = "ok", ""
        try:
            function(*arguments)
        except Failure as failure:
            state, rest = "not ok", "".join(f"\n# {line}" for line in str(failure).splitlines())
        except Skip as skip:
            rest = f" # SKIP {skip}"
        print(f"{state} {number} - {what}{rest}", flush=True)
    print(f"1..{len(checks)}")
