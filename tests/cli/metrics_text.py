#!/usr/bin/env python3
"""metrics_text.py FILE: checks a page of metrics against the grammar of Prometheus' text format 0.0.4 (prometheus.io/docs/
instrumenting/exposition_formats) and the rules for names (prometheus.io/docs/practices/naming), then prints a sample a line,
sorted. Reads it with python3-prometheus-client too, where that is installed."""
import re
import sys

NAME, NUMBER = r"[a-zA-Z_:][a-zA-Z0-9_:]*", r"[+-]?(?:[0-9]+(?:\.[0-9]+)?(?:e[+-]?[0-9]+)?|Inf|NaN)"
SAMPLE = re.compile(rf'({NAME})(?:\{{([a-z_]+)="((?:[^"\\\n]|\\["\\n])*)"\}})? ({NUMBER})')
UNITS = ("_seconds", "_bytes", "_total", "_info", "_cases", "_state", "_done")

text = open(sys.argv[1], encoding="utf-8").read()
assert text.endswith("\n"), "the last line has no end"
types, helped, samples = {}, set(), {}
for number, line in enumerate(text.splitlines(), 1):
    where = f"line {number}: {line!r}"
    if line.startswith("# HELP "):
        name = line.split(" ")[2]
        assert name not in helped and len(line.split(" ", 3)) == 4, where
        helped.add(name)
    elif line.startswith("# TYPE "):
        _, _, name, kind = line.split(" ")
        assert name in helped and name not in types and kind in ("counter", "gauge", "histogram"), where
        types[name] = kind
        last = name
    else:
        match = SAMPLE.fullmatch(line)
        assert match, where
        name, label, value, number = match.groups()
        family = re.sub("_(bucket|sum|count)$", "", name) if types.get(last) == "histogram" else name
        assert family == last, f"{where}: not of the family before it"
        assert (name, label, value) not in samples, f"{where}: twice"
        samples[name, label, value] = float(number)
for name, kind in types.items():
    assert name.startswith("consilium_") and name.endswith(UNITS), name
    assert name.endswith("_total") == (kind == "counter"), f"{name} is a {kind}"
    if kind == "histogram":
        bounds = [(float(le), n) for (s, _, le), n in samples.items() if s == name + "_bucket"]
        assert bounds == sorted(bounds) and [n for _, n in bounds] == sorted(n for _, n in bounds), name
        assert bounds[-1] == (float("inf"), samples[name + "_count", None, None]), name
try:
    from prometheus_client.parser import text_string_to_metric_families

    theirs = {(s.name, s.value) for f in text_string_to_metric_families(text) for s in f.samples}
    assert theirs == {(name, n) for (name, _, _), n in samples.items()}, "prometheus-client reads something else"
except ImportError:
    print("python3-prometheus-client is not installed", file=sys.stderr)
for (name, label, value), number in sorted(samples.items(), key=str):
    print(f'{name}{{{label}="{value}"}} {number:.15g}' if label else f"{name} {number:.15g}")
