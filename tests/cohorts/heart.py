#!/usr/bin/env python3
"""The UCI Heart Disease table (Detrano et al. 1989) as a cohort of FHIR R4 records, for `consilium train`.

    heart.py TABLE OUT [--folds 5]

TABLE is processed.cleveland.data or a table of the same 14 columns. Writes OUT/cases/NUMBER/record.json, a Bundle with one
Patient and one Observation for each value that is known, OUT/labels.csv with the label `disease` (any narrowing of over 50 %)
and the fold of each case, and prints the AUC of a logistic regression on the same folds: columns as dummy variables where
they are classes, standardised, unknown numbers at the mean, ridge penalty 1 (what scikit-learn's LogisticRegression takes
unasked). Nothing but the Python standard library is needed.
"""
import argparse
import json
import math
import os
import random
import sys

UCI = "https://archive.ics.uci.edu/dataset/45/heart-disease"
LOINC = "http://loinc.org"
INDEX_DATE = "1988-07-01"

# column: kind, code, display, unit. A class has no unit; its values are codes of UCI's own.
COLUMNS = (
    ("age", "birth", None, None, None),
    ("sex", "sex", None, None, None),
    ("cp", "class", (UCI, "cp"), "Chest pain type", None),
    ("trestbps", "number", (LOINC, "8480-6"), "Systolic blood pressure", "mm[Hg]"),
    ("chol", "number", (LOINC, "2093-3"), "Cholesterol", "mg/dL"),
    ("fbs", "boolean", (UCI, "fbs"), "Fasting blood sugar over 120 mg/dL", None),
    ("restecg", "class", (UCI, "restecg"), "Resting electrocardiogram", None),
    ("thalach", "number", (UCI, "thalach"), "Maximum heart rate achieved", "/min"),
    ("exang", "boolean", (UCI, "exang"), "Exercise induced angina", None),
    ("oldpeak", "number", (UCI, "oldpeak"), "ST depression induced by exercise", "mm"),
    ("slope", "class", (UCI, "slope"), "Slope of the peak exercise ST segment", None),
    ("ca", "number", (UCI, "ca"), "Major vessels coloured by fluoroscopy", "1"),
    ("thal", "class", (UCI, "thal"), "Thallium scan", None),
)


def read_table(path):
    rows = []
    with open(path, encoding="ascii") as f:
        for number, line in enumerate(f, 1):
            cells = line.replace(",", " ").split()
            if not cells:
                continue
            if len(cells) != len(COLUMNS) + 1:
                raise ValueError(f"{path}:{number}: {len(cells)} columns; {len(COLUMNS) + 1} would be right")
            values = [None if c in ("?", "-9", "-9.0") else float(c) for c in cells]
            rows.append(values)
    return rows


def observation(kind, code, display, unit, value):
    system, name = code
    o = {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": system, "code": name, "display": display}]},
        "subject": {"reference": "Patient/1"},
        "effectiveDateTime": INDEX_DATE,
    }
    if kind == "number":
        o["valueQuantity"] = {"value": value, "unit": unit, "system": "http://unitsofmeasure.org", "code": unit}
    elif kind == "boolean":
        o["valueBoolean"] = value > 0
    else:
        answer = f"{name}-{value:g}"
        o["valueCodeableConcept"] = {"coding": [{"system": UCI, "code": answer, "display": f"{display}: {value:g}"}]}
    return o


def bundle(row):
    patient = {"resourceType": "Patient", "id": "1"}
    resources = [patient]
    for (name, kind, code, display, unit), value in zip(COLUMNS, row):
        if value is None:
            continue
        if kind == "birth":
            patient["birthDate"] = f"{int(INDEX_DATE[:4]) - int(value):04d}{INDEX_DATE[4:]}"
        elif kind == "sex":
            patient["gender"] = "male" if value else "female"
        else:
            resources.append(observation(kind, code, display, unit, value))
    return {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": r} for r in resources]}


def stratified_folds(truth, count):
    """Cases of each class shuffled (seed 1) and dealt out in turn."""
    fold, chance = [0] * len(truth), random.Random(1)
    for value in (0, 1):
        members = [i for i, t in enumerate(truth) if t == value]
        chance.shuffle(members)
        for place, i in enumerate(members):
            fold[i] = place % count
    return fold


def design(rows):
    """Dummy variables for classes (all but the first), the others as they are; None where not known."""
    columns = []
    for j, (_, kind, *_rest) in enumerate(COLUMNS):
        values = [r[j] for r in rows]
        if kind != "class":
            columns.append(values)
            continue
        for level in sorted({v for v in values if v is not None})[1:]:
            columns.append([None if v is None else float(v == level) for v in values])
    return columns


def solve(a, b):
    n = len(b)
    a = [row[:] + [b[i]] for i, row in enumerate(a)]
    for i in range(n):
        pivot = max(range(i, n), key=lambda k: abs(a[k][i]))
        a[i], a[pivot] = a[pivot], a[i]
        for k in range(i + 1, n):
            factor = a[k][i] / a[i][i]
            for c in range(i, n + 1):
                a[k][c] -= factor * a[i][c]
    x = [0.0] * n
    for i in reversed(range(n)):
        x[i] = (a[i][n] - sum(a[i][k] * x[k] for k in range(i + 1, n))) / a[i][i]
    return x


def logistic_scores(columns, truth, train, test, ridge=1.0):
    """Newton's method for the penalised likelihood; the intercept is free."""
    scaled = []
    for column in columns:
        known = [column[i] for i in train if column[i] is not None]
        mean = sum(known) / len(known)
        deviation = math.sqrt(sum((v - mean) ** 2 for v in known) / len(known)) or 1.0
        scaled.append([0.0 if v is None else (v - mean) / deviation for v in column])
    x = [[1.0] + [c[i] for c in scaled] for i in range(len(truth))]
    weights = [0.0] * len(x[0])
    for _ in range(30):
        gradient = [ridge * w if j else 0.0 for j, w in enumerate(weights)]
        hessian = [[ridge if j == k and j else 0.0 for k in range(len(weights))] for j in range(len(weights))]
        for i in train:
            p = 1 / (1 + math.exp(-sum(w * v for w, v in zip(weights, x[i]))))
            for j, v in enumerate(x[i]):
                gradient[j] += (p - truth[i]) * v
                for k, u in enumerate(x[i]):
                    hessian[j][k] += p * (1 - p) * v * u
        step = solve(hessian, gradient)
        weights = [w - s for w, s in zip(weights, step)]
        if max(abs(s) for s in step) < 1e-9:
            break
    return {i: sum(w * v for w, v in zip(weights, x[i])) for i in test}


def auc(scores, truth):
    pairs = [(scores[i], scores[j]) for i in scores if truth[i] for j in scores if not truth[j]]
    return sum((a > b) + 0.5 * (a == b) for a, b in pairs) / len(pairs)


def main():
    parser = argparse.ArgumentParser(description="The UCI Heart Disease table as a cohort of FHIR records.")
    parser.add_argument("table")
    parser.add_argument("out")
    parser.add_argument("--folds", type=int, default=5)
    options = parser.parse_args()
    rows = [r for r in read_table(options.table) if r[-1] is not None]
    truth = [int(r[-1] > 0) for r in rows]
    folds = stratified_folds(truth, options.folds)
    for i, row in enumerate(rows):
        folder = os.path.join(options.out, "cases", f"{i:04d}")
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, "record.json"), "w", encoding="ascii") as f:
            json.dump(bundle(row), f)
    with open(os.path.join(options.out, "labels.csv"), "w", encoding="ascii") as f:
        f.write("case,disease,fold\n")
        f.writelines(f"{i:04d},{t},{fold + 1}\n" for i, (t, fold) in enumerate(zip(truth, folds)))
    columns = design(rows)
    by_fold, scores = [], {}
    for fold in range(options.folds):
        train = [i for i, k in enumerate(folds) if k != fold]
        test = [i for i, k in enumerate(folds) if k == fold]
        here = logistic_scores(columns, truth, train, test)
        by_fold.append(auc(here, truth))
        scores.update(here)
    print(f"{options.out}: {len(rows)} cases, {sum(truth)} with disease")
    print(
        f"logistic regression, {options.folds} folds: AUC {sum(by_fold) / len(by_fold):.4f} (mean of "
        + ", ".join(f"{a:.3f}" for a in by_fold)
        + f"), pooled {auc(scores, truth):.4f}"
    )


if __name__ == "__main__":
    try:
        main()
    except (OSError, ValueError) as problem:
        print(f"heart.py: {problem}", file=sys.stderr)
        sys.exit(3)
