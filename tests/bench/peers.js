// ONNX Runtime's side of peers.sh: peers.js MODULES one|batch FOLDER checks what peers.py exported against the logits that
// bench_peers wrote, then prints "onnxruntime CASE milliseconds-a-case peak-MiB MiB-at-start".
"use strict";
const fs = require("fs");
const [modules, what, folder] = process.argv.slice(2);
const ort = require(modules + "/onnxruntime-node");
const TIMES = { one: 301, batch: 15 };

function memory(field) {
    const line = fs.readFileSync("/proc/self/status", "ascii").split("\n").find((l) => l.startsWith(field + ":"));
    return parseInt(line.split(/\s+/)[1], 10) / 1024;
}

function processorTime() {
    const used = process.cpuUsage();
    return (used.user + used.system) / 1e3;
}

function readSafetensors(path) {
    const raw = fs.readFileSync(path);
    const length = Number(raw.readBigUInt64LE(0));
    const header = JSON.parse(raw.toString("utf8", 8, 8 + length));
    const tensors = {};
    for (const [name, entry] of Object.entries(header)) {
        if (name === "__metadata__") continue;
        const [begin, end] = entry.data_offsets.map((offset) => 8 + length + offset);
        tensors[name] = { shape: entry.shape, values: new Float32Array(raw.buffer.slice(raw.byteOffset + begin, raw.byteOffset + end)) };
    }
    return tensors;
}

function first(tensor, count) {
    const size = tensor.values.length / tensor.shape[0];
    return new ort.Tensor("float32", tensor.values.slice(0, count * size), [count, ...tensor.shape.slice(1)]);
}

async function main() {
    const before = memory("VmRSS");
    const session = await ort.InferenceSession.create(`${folder}/${what}.onnx`, {
        executionMode: "sequential",
        intraOpNumThreads: 1,
        interOpNumThreads: 1,
        graphOptimizationLevel: "all",
    });
    const cases = readSafetensors(folder + "/cases.safetensors");
    const count = what === "one" ? 1 : cases.truth.shape[0];
    const feeds = Object.fromEntries(session.inputNames.map((name) => [name, first(cases[name], count)]));
    const logit = (await session.run(feeds)).logit.data;
    const difference = logit.reduce((worst, v, i) => Math.max(worst, Math.abs(v - cases.logit.values[i])), 0);
    if (!(difference <= 1e-4)) throw new Error(`logits differ by ${difference} (limit 1e-4)`);
    const taken = [];
    for (let i = 0; i < TIMES[what]; i++) {
        const start = processorTime();
        await session.run(feeds);
        taken.push(processorTime() - start);
    }
    taken.sort((a, b) => a - b);
    const middle = taken[taken.length >> 1] / count;
    console.log(`onnxruntime ${what} ${middle.toFixed(3)} ${memory("VmHWM").toFixed(1)} ${before.toFixed(1)}`);
}

main().catch((error) => {
    console.error("peers.js: " + error.message);
    process.exit(1);
});
