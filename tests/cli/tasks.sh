#!/bin/sh
# Cohorts whose labels are classes or times to an event: what is refused, and the way from labels.csv to the report.
. "$(dirname "$0")/lib.sh"

expect 0 "synth" "$CONSILIUM" synth --cases 60 --seed 3 --out "$T/cohort"
C=$T/cohort
cp "$C/labels.csv" "$T/original.csv"
json() { jq -c "$1" "$T/out"; }

# Three classes, and a time that is short where the case is malignant; every seventh case is not known.
awk -F, 'NR == 1 { print "case,kind,death,days,malignancy,split"; next }
    { m = $2; kind = m ? (NR % 2 ? "ductal, invasive" : "lobular") : "none"
      death = NR % 3 ? 1 : 0; days = m ? 20 + NR : 300 + 5 * NR
      if (NR % 7 == 0) { kind = ""; death = ""; days = "" }
      printf "%s,\"%s\",%s,%s,%s,%s\n", $1, kind, death, days, m, $3 }' "$T/original.csv" >"$C/labels.csv"

# ---- what is refused, with file, line and what would be right ----
refused() { # WHAT PATTERN
    expect 3 "$1" "$CONSILIUM" train "$C" --out "$T/none.safetensors" --epochs 1 --cache "$T/cache"
    says "$T/err" "says so" "$2"
}
refused "classes that labels.json does not declare" 'labels.csv:2: kind is .*0, 1 or nothing.*"task": "classes"'
describe() { printf '%s' "$1" >"$C/labels.json"; }
describe '{"kind": {"task": "classes"}}'
refused "an event that labels.json does not declare" 'labels.csv:[0-9]+: days is .*0, 1 or nothing'
describe '{"kind": {"task": "classes", "classes": ["none", "lobular"]}, "death": {"task": "event", "time": "days"}}'
refused "a class that is not in the list" "labels.csv:[0-9]+: kind is 'ductal, invasive'; one of none, lobular would be right"
describe '{"kind": {"task": "classes", "classes": ["none"]}}'
refused "one class" 'classes.*2 to 64 names'
describe '{"kind": {"task": "classes", "classes": ["none", "none"]}}'
refused "a class twice" 'class 2 is not a text, or not the first'
describe '{"kind": {"task": "classes"}, "death": {"task": "event", "time": "weeks"}}'
refused "a time column that is not there" "no column 'weeks'"
describe '{"kind": {"task": "classes"}, "death": {"task": "event", "time": "days", "edges": [50, 20]}}'
refused "edges that fall" 'edges.*ascending'
describe '{"kind": {"task": "regression"}}'
refused "a task that there is not" '"binary", "classes" or "event"'
describe '{"stage": {"task": "classes"}}'
refused "a label that labels.csv lacks" 'describes label stage'
describe '{"kind": {"task": "classes"}, "death": {"task": "event", "time": "days"}}'
cp "$C/labels.csv" "$T/good.csv"
sed '4s/,[0-9]*,\([01]\),/,soon,\1,/' "$T/good.csv" >"$C/labels.csv"
refused "a time that is none" "labels.csv:4: days is 'soon'"
awk -F, 'BEGIN { print "case,kind" } { print $1 ",k" NR }' "$T/original.csv" | sed 2d >"$C/labels.csv"
awk -F, 'BEGIN { print "case,kind" } NR > 1 { print $1 ",k" NR "a\n" $1 ",k" NR "b" }' "$T/original.csv" >"$C/labels.csv"
describe '{"kind": {"task": "classes"}}'
refused "more classes than there can be outputs" 'more than 64 outputs'
cp "$T/good.csv" "$C/labels.csv"

# ---- learned, measured, scored ----
describe '{"kind": {"task": "classes", "codes": {"lobular": {"code": "89740008", "system": "http://snomed.info/sct"}}},
           "death": {"task": "event", "time": "days", "unit": "d", "edges": [60, 400]}}'
expect 0 "train" "$CONSILIUM" train "$C" --out "$T/m.safetensors" --epochs 2 --cache "$T/cache" --balance
expect 0 "model show" "$CONSILIUM" model show "$T/m.safetensors" --json
same "outputs are named" "$(json '[.labels[].name]')" '["kind=ductal, invasive","kind=lobular","kind=none","death<=60","death<=400","malignancy"]'
same "a class has its code" "$(json '.labels[1].code')" '"89740008"'
same "tasks" "$(json '[.tasks[] | [.name, .kind, .outputs, (.edges | if . then map(round) else . end), .time, .unit]]')" \
    '[["kind","classes",3,null,null,null],["death","event",2,[60,400],"days","d"],["malignancy","binary",1,null,null,null]]'
rm "$C/labels.json" # the model knows
expect 0 "eval" "$CONSILIUM" eval "$T/m.safetensors" "$C" --json --coverage 0.8 --cache "$T/cache"
same "every label once" "$(json '.labels | keys')" '["death","kind","malignancy"]'
same "classes have an AUC each" "$(json '.labels.kind.classes | keys')" '["ductal, invasive","lobular","none"]'
same "and their mean" "$(json '.labels.kind | (.auc - ([.classes[].auc] | add / 3) | fabs) < 1e-6')" true
same "an event has a concordance" "$(json '.labels.death | .concordance_ci[0] <= .concordance and .concordance <= .concordance_ci[1]')" true
same "and an AUC by each edge" "$(json '.labels.death.by | keys')" '["400","60"]'
same "a label is as ever" "$(json '.labels.malignancy | has("auc") and has("auc_ci") and has("accuracy") and has("brier")')" true
same "sets at the level asked" "$(json '[.labels[].sets.level] | unique')" '[0.8]'
same "calibration errors" "$(json '[.labels[].calibration_error | .before >= 0 and .after >= 0] | unique')" '[true]'
expect 0 "eval as text" "$CONSILIUM" eval "$T/m.safetensors" "$C" --cache "$T/cache"
says "$T/out" "names the mean" "^kind, mean AUC"
says "$T/out" "and the concordance" "^death, concordance"
expect 0 "a label that the evaluated cohort lacks" true
sed 's/,death,/,demise,/' "$T/good.csv" >"$C/labels.csv"
expect 3 "eval without the column" "$CONSILIUM" eval "$T/m.safetensors" "$C"
says "$T/err" "names it" "no column for the model's label death"
cp "$T/good.csv" "$C/labels.csv"

expect 0 "run" "$CONSILIUM" run "$C" --model "$T/m.safetensors" --out "$T/run"
cp "$T/run/results.ndjson" "$T/out"
same "a score for each output" "$(json '.scores | length' | sort -u)" 6
same "classes sum to one" "$(json '[.scores[0:3][].probability] | add | . > 0.999999 and . < 1.000001' | sort -u)" true
same "an event does not become less likely" "$(json '.scores[3].probability <= .scores[4].probability' | sort -u)" true
same "a set for each task" "$(json '[.sets[].task]' | sort -u)" '["kind","death","malignancy"]'
says "$T/run/results.csv" "sets and novelty in the table" "missing,kind.set,death.set,malignancy.set,novelty$"
expect 0 "report" "$CONSILIUM" report "$T/run"
says "$T/run/report/index.html" "with classes" "kind=lobular"
says "$T/run/report/index.html" "and what cannot be ruled out" "ruled out"

# ---- abstaining ----
expect 1 "run --abstain" "$CONSILIUM" run "$C" --model "$T/m.safetensors" --out "$T/careful" --abstain --coverage 0.99
cp "$T/careful/results.ndjson" "$T/out"
same "what is withheld has no score" "$(json 'select(.status == "withheld") | .scores | length' | sort -u)" 0
says "$T/careful/results.csv" "and says why" "withheld,\"?no single answer: .*at coverage 0.99"
expect 0 "report of it" "$CONSILIUM" report "$T/careful"
says "$T/careful/report/index.html" "in words" "not sure enough"
expect 2 "another coverage is another run" "$CONSILIUM" run "$C" --model "$T/m.safetensors" --out "$T/careful" --abstain --coverage 0.98
says "$T/err" "which it says" "coverage was 0.99"

# ---- a case of another kind: every number of its picture is far from those learned ----
if [ -f "$REAL/dicom/pydicom/test_files/CT_small.dcm" ]; then
    mkdir -p "$T/strange/cases/ct"
    cp "$REAL/dicom/pydicom/test_files/CT_small.dcm" "$T/strange/cases/ct"
    expect 1 "a real CT" "$CONSILIUM" run "$T/strange" --model "$T/m.safetensors" --out "$T/strange-run" --abstain
    says "$T/strange-run/results.csv" "is told from the synthetic ones" "withheld,\"?unlike the cases that the model learned from: image"
    expect 0 "eval --novel" "$CONSILIUM" eval "$T/m.safetensors" "$C" --novel "$T/strange" --json --cache "$T/cache"
    same "flagged" "$(json '.novel | [.novel_cases, .novel_flagged, .auc]')" '[1,1,1]'
fi
expect 2 "a coverage of one" "$CONSILIUM" eval "$T/m.safetensors" "$C" --coverage 1
says "$T/err" "names the range" "0.999"
finish
