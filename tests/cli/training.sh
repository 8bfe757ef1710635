#!/bin/sh
# Training as an operation: killed and resumed, in folds, with modalities missing, and the card of what came of it.
. "$(dirname "$0")/lib.sh"

expect 0 "synth" "$CONSILIUM" synth --cases 60 --seed 5 --out "$T/cohort"
LEARN="--seed 3 --epochs 6 --width 16 --heads 2 --blocks 1 --cache $T/cache --jobs 2"

# ---- a kill ----
expect 0 "train without a break" "$CONSILIUM" train "$T/cohort" --out "$T/whole.safetensors" $LEARN
# A kill that cannot be caught, wherever it falls after the first checkpoint; twice, so that a resumed run is killed too.
for round in 1 2; do
    rm -f "$T/seen"
    "$CONSILIUM" train "$T/cohort" --out "$T/killed.safetensors" $LEARN --checkpoint "$T/checkpoint" >/dev/null 2>&1 &
    pid=$!
    before=$(stat -c %Y.%i "$T/checkpoint" 2>/dev/null)
    while kill -0 $pid 2>/dev/null; do
        [ "$(stat -c %Y.%i "$T/checkpoint" 2>/dev/null)" = "$before" ] || break
    done
    kill -9 $pid 2>/dev/null
    wait $pid 2>/dev/null
    [ -f "$T/checkpoint" ] || fail "round $round: no checkpoint is left"
    [ ! -e "$T/killed.safetensors" ] || fail "round $round: the kill came too late to show anything"
done
expect 3 "a checkpoint with other options" "$CONSILIUM" train "$T/cohort" --out "$T/killed.safetensors" $LEARN --epochs 7 --checkpoint "$T/checkpoint"
says "$T/err" "names the option" "checkpoint of a training with epochs 6, not 7"
expect 3 "a model is no checkpoint" "$CONSILIUM" train "$T/cohort" --out "$T/killed.safetensors" $LEARN --checkpoint "$T/whole.safetensors"
says "$T/err" "says so" "whole.safetensors: is not a checkpoint"
expect 0 "the same command goes on" "$CONSILIUM" train "$T/cohort" --out "$T/killed.safetensors" $LEARN --checkpoint "$T/checkpoint"
cmp -s "$T/whole.safetensors" "$T/killed.safetensors" || fail "resumed training does not give the same bytes"
[ ! -e "$T/checkpoint" ] || fail "the checkpoint stays after the model is written"
expect 2 "patience of none" "$CONSILIUM" train "$T/cohort" --out "$T/m" --patience 0
finish
