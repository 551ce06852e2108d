#!/usr/bin/env python3
"""Computes a saving again from an export of `luciole savings export`, without the agent.

Usage: recompute.py FILE [--json]

It checks the chain of the ledger, takes the newest valid baseline and the entries that count, and adds up the nights: reference from powers and
hours of darkness, energy from totals of the meter and estimated gaps. It compares its figures with those of the export, each to 1 Wh, and the
exported hours of darkness with its own sun to 3 minutes. Python 3, standard library only. Exit code: 0 equal, 1 different, 2 unreadable.
"""
import datetime
import hashlib
import json
import math
import sys

START_HASH = "0" * 64
MOST_DIFFERENCE_WH = 1.0
MOST_SUN_MIN = 3.0


def entries_of(chain):
    """The entries of the ledger; fails if one was changed, removed or moved."""
    before, number, entries = START_HASH, 0, []
    for row in chain:
        number += 1
        text = "\n".join([before, str(row["n"]), str(row["atMs"]), row["body"]])
        if row["n"] != number or hashlib.sha256(text.encode("utf-8")).hexdigest() != row["hash"]:
            raise ValueError("ledger: entry %d was changed or does not follow the one before it" % number)
        before = row["hash"]
        entries.append({**json.loads(row["body"]), "n": row["n"]})
    return entries


def valid(entries):
    voided = {entry["voids"] for entry in entries if entry["cause"] == "void" and "voids" in entry}
    return [entry for entry in entries if entry["cause"] != "void" and entry["n"] not in voided]


def applies(entry, date):
    return entry["from"] <= date and (entry["to"] is None or entry["to"] >= date)


def reference_kwh(baseline, entries, night, dark_hours):
    """Powers times hours of darkness, with the adjustments of the ledger. Returns the adjusted energy of one night."""
    hours = (night["toMs"] - night["fromMs"]) / 3_600_000
    zones = {zone["id"]: [dict(lamp) for lamp in zone["lamps"]] for zone in baseline["zones"]}
    any_zone = next(iter(zones), None)
    extra = 0.0
    for entry in entries:
        effect = entry["effect"]
        if not applies(entry, night["date"]):
            continue
        if effect["kind"] == "add-lamps":
            ids = {lamp["id"] for lamp in effect["lamps"]}
            kept = [lamp for lamp in zones.get(effect["zone"], []) if lamp["id"] not in ids]
            zones[effect["zone"]] = kept + [dict(lamp) for lamp in effect["lamps"]]
        elif effect["kind"] == "remove-lamps":
            for zone in zones:
                zones[zone] = [lamp for lamp in zones[zone] if lamp["id"] not in effect["lamps"]]
        elif effect["kind"] == "power":
            for lamps in zones.values():
                for lamp in lamps:
                    if lamp["id"] in effect["lamps"]:
                        lamp["powerW"] = effect["powerW"]
        elif effect["kind"] == "load":
            extra += effect["loadW"] * hours / 1000
        elif effect["kind"] == "energy":
            last = datetime.date.fromisoformat(entry["to"] or entry["from"])
            extra += effect["kwh"] / ((last - datetime.date.fromisoformat(entry["from"])).days + 1)
    total = baseline["otherW"] * hours / 1000 + extra
    for zone, lamps in zones.items():
        dark = dark_hours.get(zone, dark_hours.get(any_zone, 0.0))
        total += sum(lamp["powerW"] * lamp["reduction"] for lamp in lamps) * dark / 1000
    return total


def gap_wh(gap):
    """The estimate of a part without measurement, from the computed energy of the lamps by level."""
    hours = (gap["toMs"] - gap["fromMs"]) / 3_600_000
    lamps = sum(factor * wh for factor, wh in zip(gap["factors"], gap["bandWh"]))
    return max(0.0, gap["ratio"] * (gap["otherW"] * hours + lamps))


def used_kwh(baseline, night):
    """Measured and estimated energy of one night, in all meters of the baseline."""
    measured = estimated = 0.0
    for meter in baseline["meters"]:
        found = night["meters"][meter["id"]]
        measured += found["measuredWh"] / 1000
        estimated += sum(gap_wh(gap) for gap in found["gaps"]) / 1000
    return measured, estimated


def sun_altitude(latitude, longitude, at_ms):
    """Geometric altitude of the sun in degrees. Source: NOAA Solar Calculator, after Meeus, Astronomical Algorithms."""
    century = (at_ms / 86_400_000 + 2_440_587.5 - 2_451_545) / 36_525
    mean = math.radians((280.46646 + century * (36_000.76983 + century * 0.0003032)) % 360)
    anomaly = math.radians(357.52911 + century * (35_999.05029 - 0.0001537 * century))
    centre = (
        math.sin(anomaly) * (1.914602 - century * (0.004817 + 0.000014 * century))
        + math.sin(2 * anomaly) * (0.019993 - 0.000101 * century)
        + math.sin(3 * anomaly) * 0.000289
    )
    node = math.radians(125.04 - 1_934.136 * century)
    true = mean + math.radians(centre - 0.00569 - 0.00478 * math.sin(node))
    tilt = math.radians(23.439291 - century * 0.0130042 + 0.00256 * math.cos(node))
    declination = math.asin(math.sin(tilt) * math.sin(true))
    ascension = math.atan2(math.cos(tilt) * math.sin(true), math.cos(true))
    sidereal = math.radians((280.46061837 + 360.98564736629 * (at_ms / 86_400_000 + 2_440_587.5 - 2_451_545)) % 360)
    angle = sidereal + math.radians(longitude) - ascension
    lat = math.radians(latitude)
    return math.degrees(math.asin(math.sin(lat) * math.sin(declination) + math.cos(lat) * math.cos(declination) * math.cos(angle)))


def offsets(zone, date):
    """Delays of switching on and off in minutes, by season."""
    month, day = int(date[5:7]), int(date[8:10])
    for season in zone["seasons"]:
        first = (season["from"]["month"], season["from"]["day"])
        last = (season["to"]["month"], season["to"]["day"])
        inside = first <= (month, day) <= last if first <= last else (month, day) >= first or (month, day) <= last
        if inside:
            return season["onOffsetMin"], season["offOffsetMin"]
    return zone["onOffsetMin"], zone["offOffsetMin"]


def sun_difference_min(baseline, zone, night, hours):
    """How far the exported hours of darkness are from those of this program. Minute by minute, so it is right to a minute or two."""
    dark = changes = 0
    before = None
    for at_ms in range(night["fromMs"], night["toMs"], 60_000):
        is_dark = sun_altitude(baseline["latitudeDeg"], baseline["longitudeDeg"], at_ms) < zone["sunBelowDeg"]
        dark += is_dark
        changes += before is not None and is_dark != before
        before = is_dark
    on, off = offsets(zone, night["date"])
    # Without a dusk and a dawn the offsets apply in part.
    return abs(dark - on + off - hours * 60) if changes == 2 else 0.0


def recomputed(export):
    entries = entries_of(export["chain"])
    counting = valid(entries)
    frozen = [entry for entry in counting if entry["cause"] == "baseline"]
    if not frozen:
        raise ValueError("ledger: no valid baseline")
    baseline, result = frozen[-1]["baseline"], export["result"]
    # What was entered before the baseline for earlier nights is in the baseline.
    counting = [entry for entry in counting if entry["n"] >= frozen[-1]["n"] or entry["from"] >= baseline["from"]]
    totals = {"adjustedKwh": 0.0, "measuredKwh": 0.0, "estimatedKwh": 0.0}
    nights, sun_min = 0, 0.0
    for night in export["nights"]:
        if not max(result["from"], baseline["from"]) <= night["date"] <= result["to"]:
            continue
        if any(meter["id"] not in night["meters"] for meter in baseline["meters"]):
            continue
        nights += 1
        dark_hours = export["darkHours"][night["date"]]
        measured, estimated = used_kwh(baseline, night)
        totals["adjustedKwh"] += reference_kwh(baseline, counting, night, dark_hours)
        totals["measuredKwh"] += measured
        totals["estimatedKwh"] += estimated
        for zone in baseline["zones"]:
            sun_min = max(sun_min, sun_difference_min(baseline, zone, night, dark_hours[zone["id"]]))
    totals["savedKwh"] = totals["adjustedKwh"] - totals["measuredKwh"] - totals["estimatedKwh"]
    return {"nights": nights, "entries": len(entries), "totals": totals, "sunDifferenceMin": sun_min}


def main(words):
    files = [word for word in words if not word.startswith("--")]
    if len(files) != 1:
        print(__doc__)
        return 2
    try:
        with open(files[0], encoding="utf-8") as file:
            export = json.load(file)
        found = recomputed(export)
    except (OSError, ValueError, KeyError, TypeError) as error:
        print("recompute: %s" % error, file=sys.stderr)
        return 2
    result = export["result"]
    differences = {key: abs(value - result["total"][key]) * 1000 for key, value in found["totals"].items()}
    equal = (
        max(differences.values()) <= MOST_DIFFERENCE_WH
        and found["nights"] == result["nightsCounted"]
        and found["sunDifferenceMin"] <= MOST_SUN_MIN
    )
    if "--json" in words:
        print(json.dumps({**found, "differenceWh": differences, "isEqual": equal}))
    else:
        print("%d nights, %d entries of the ledger" % (found["nights"], found["entries"]))
        for key, value in found["totals"].items():
            print("%-13s %12.3f kWh, the export has %12.3f kWh" % (key, value, result["total"][key]))
        print("hours of darkness differ by at most %.1f min" % found["sunDifferenceMin"])
        print("EQUAL to 1 Wh" if equal else "DIFFERENT")
    return 0 if equal else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
