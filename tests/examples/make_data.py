#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""make_data.py MAKE_DATA: the columns, the sizes, the quirks, and the same bytes each time."""
import csv
import datetime
import hashlib
import json
import pathlib
import subprocess
import sys
import tempfile

MAKE_DATA = pathlib.Path(sys.argv[1]).resolve()

COLUMNS = {
    "f1_laptime.csv": "raceId,driverId,lap,position,time,milliseconds",
    "revised_house": "Id,LotArea,OverallQual,OverallCond,YearBuilt,TotalBsmtSF,GrLivArea,FullBath,BedroomAbvGr,"
                     "TotRmsAbvGrd,GarageCars,GarageArea,SalePrice",
    "taxi.csv": "VendorID,tpep_pickup_datetime,tpep_dropoff_datetime,passenger_count,trip_distance,RatecodeID,"
                "PULocationID,DOLocationID,payment_type,fare_amount,extra,mta_tax,tip_amount,tolls_amount,"
                "improvement_surcharge,total_amount",
}
FILES = sorted([*COLUMNS, "universities.jsonl"])
# of the files above with 100 rows: whoever changes what is written changes these, too
DIGEST = "be4bdf417df93d8812071d623f0ec68ed093390210ee1804bf5294655c6ad77e"

count = 0


def check(what, fine, more=""):
    global count
    count += 1
    print(f"{'' if fine else 'not '}ok {count} - {what}")
    if not fine and more:
        print(f"# {more}")


def make(directory, *options):
    return subprocess.run([sys.executable, MAKE_DATA, directory, *options], capture_output=True, text=True)


def table(path):
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def digest(directory):
    return hashlib.sha256(b"".join((directory / name).read_bytes() for name in FILES)).hexdigest()


def check_laps(rows):
    check("laps: driver 20 comes first and has a time", rows[0]["driverId"] == "20" and rows[0]["milliseconds"])
    check("laps: many drivers", len({row["driverId"] for row in rows}) > 20)
    missing = [row for row in rows if not row["milliseconds"]]
    check("laps: a few have no time", 0 < len(missing) < len(rows) / 50 and not any(row["time"] for row in missing))

    def is_same(row):
        minutes, seconds = row["time"].split(":")
        return round((int(minutes) * 60 + float(seconds)) * 1000) == int(row["milliseconds"])

    check("laps: both forms of a time agree", all(is_same(row) for row in rows if row["milliseconds"]))
    places_in = {}
    for row in rows:
        places_in.setdefault((row["raceId"], row["lap"]), []).append(int(row["position"]))
    check("laps: positions are those of one race",
          all(len(set(places)) == len(places) and 1 <= min(places) and max(places) <= 24
              for places in places_in.values()))


def check_houses(rows):
    check("houses: numbers everywhere", all(value.isdigit() for row in rows for value in row.values()))
    check("houses: Id counts", [int(row["Id"]) for row in rows] == list(range(1, len(rows) + 1)))
    good = [int(row["SalePrice"]) for row in rows if int(row["OverallQual"]) >= 7]
    poor = [int(row["SalePrice"]) for row in rows if int(row["OverallQual"]) <= 4]
    check("houses: quality is worth something", sum(good) / len(good) > sum(poor) / len(poor))


def check_universities(records):
    check("universities: keys", all(list(record) == ["rank", "name", "country", "score"] for record in records))
    check("universities: rank counts", [record["rank"] for record in records] == list(range(1, len(records) + 1)))
    check("universities: names are unique", len({record["name"] for record in records}) == len(records))
    check("universities: some countries are null", 0 < sum(record["country"] is None for record in records) < 200)


def check_trips(rows):
    when = datetime.datetime.fromisoformat
    recorded = "VendorID", "passenger_count", "RatecodeID", "payment_type"
    missing = [row for row in rows if not row["VendorID"]]
    check("taxi: a few lack what is recorded",
          0 < len(missing) < len(rows) / 20 and not any(row[name] for row in missing for name in recorded))
    check("taxi: no trip ends before it begins",
          all(when(row["tpep_pickup_datetime"]) < when(row["tpep_dropoff_datetime"]) for row in rows))
    days = [when(row["tpep_pickup_datetime"]).toordinal() for row in rows]
    check("taxi: half a year", 170 < max(days) - min(days) < 190)
    parts = "fare_amount", "extra", "mta_tax", "tip_amount", "tolls_amount", "improvement_surcharge"
    check("taxi: the total is that of the parts",
          all(round(100 * sum(float(row[part]) for part in parts)) == round(100 * float(row["total_amount"]))
              for row in rows))


with tempfile.TemporaryDirectory() as temporary:
    scratch = pathlib.Path(temporary)
    usual, again, short, one = (scratch / name for name in ("usual", "deep/er", "short", "one"))

    ran = make(usual)
    check("makes the directory", ran.returncode == 0 and not ran.stdout and not ran.stderr, ran)
    check("four files", sorted(path.name for path in usual.iterdir()) == FILES)
    for name, columns in COLUMNS.items():
        lines = (usual / name).read_bytes().split(b"\n")
        check(f"{name}: columns", lines[0].decode() == columns)
        check(f"{name}: 2000 rows", len(lines) == 2002 and lines[-1] == b"")
    check_laps(table(usual / "f1_laptime.csv"))
    check_houses(table(usual / "revised_house"))
    check_trips(table(usual / "taxi.csv"))
    check_universities([json.loads(line) for line in (usual / "universities.jsonl").read_text("utf-8").splitlines()])

    make(again)
    check("the same bytes again", digest(usual) == digest(again))
    make(short, "--rows", "100")
    check("the same bytes everywhere", digest(short) == DIGEST, digest(short))
    make(one, "--rows", "1")
    laps = table(one / "f1_laptime.csv")
    check("one row", len(laps) == 1 and laps[0]["driverId"] == "20")

    for rows in "0", "-1", "many":
        check(f"--rows {rows} is refused", make(scratch / "none", "--rows", rows).returncode != 0)
    check("and nothing is made", not (scratch / "none").exists())
    ran = make("/dev/null/x")
    check("a directory that cannot be made",
          ran.returncode == 1 and ran.stderr == "make-data: /dev/null/x: Not a directory\n", ran)
print(f"1..{count}")
