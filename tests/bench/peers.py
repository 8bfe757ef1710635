"""PyTorch's side of peers.sh, eager, on one thread: the network of tests/parity/parity.py.

    peers.py one | batch | train FOLDER    checks against what bench_peers wrote, then prints "pytorch CASE
                                           milliseconds-a-case peak-MiB MiB-at-start"
    peers.py export FOLDER                 FOLDER/one.onnx and batch.onnx for ONNX Runtime
"""
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "parity"))
import parity  # noqa: E402
import torch  # noqa: E402

TIMES = {"one": 101, "batch": 7, "train": 5}


def memory(field):
    with open("/proc/self/status", encoding="ascii") as f:
        return next(int(line.split()[1]) / 1024 for line in f if line.startswith(field + ":"))


def median(run, times):
    taken = []
    run()
    for _ in range(times):
        start = time.process_time()
        run()
        taken.append(time.process_time() - start)
    return sorted(taken)[times // 2]


def check(what, own, theirs):
    difference = float((own - theirs).abs().max())
    if not difference <= 1e-4:
        sys.exit(f"peers.py: {what} differ by {difference:.2e} (limit 1e-4)")


class Module(torch.nn.Module):
    def __init__(self, network):
        super().__init__()
        self.network = network

    def forward(self, *inputs):
        names = [m["name"] for m in self.network.modalities]
        no_code = torch.zeros(1, dtype=torch.long)
        return self.network.forward({name: (x, no_code) for name, x in zip(names, inputs)})


def export(network, inputs, folder):
    names = [m["name"] for m in network.modalities]
    for case, count in (("one", 1), ("batch", len(inputs[0]))):
        with torch.no_grad():
            torch.onnx.export(
                Module(network),
                tuple(x[:count] for x in inputs),
                f"{folder}/{case}.onnx",
                opset_version=17,
                input_names=names,
                output_names=["logit"],
            )


def infer(module, inputs, expected, case):
    with torch.no_grad():
        check("logits", module(*inputs), expected)
        return median(lambda: module(*inputs), TIMES[case])


def train(module, inputs, truth, losses):
    weights = list(module.network.w.values())
    for w in weights:
        w.requires_grad_(True)
    matrices, vectors = [w for w in weights if w.dim() > 1], [w for w in weights if w.dim() == 1]
    optimiser = torch.optim.AdamW(
        [{"params": matrices, "weight_decay": 0.05}, {"params": vectors, "weight_decay": 0.0}], lr=0.00001
    )
    share = torch.tensor([1, 0.5, 0.5, 0.5])
    seen = []

    def step():
        optimiser.zero_grad()
        logits = module(*inputs)[..., 0]
        targets = truth[:, None].expand_as(logits)
        loss = (torch.nn.functional.binary_cross_entropy_with_logits(logits, targets, reduction="none") * share).sum(-1)
        loss = loss.mean()
        loss.backward()
        optimiser.step()
        seen.append(loss.detach())

    step()
    step()
    check("losses before and after a step", torch.stack(seen), losses)
    return median(step, TIMES["train"])


def main(what, folder):
    before = memory("VmRSS")
    torch.set_num_threads(1)
    torch.set_num_interop_threads(1)
    network = parity.Network(*parity.read_safetensors(folder + "/model.safetensors"))
    cases, _ = parity.read_safetensors(folder + "/cases.safetensors")
    count = 1 if what == "one" else len(cases["truth"])
    inputs = [cases[m["name"]][:count] for m in network.modalities]
    if what == "export":
        return export(network, inputs, folder)
    module = Module(network)
    if what == "train":
        seconds = train(module, inputs, cases["truth"], cases["loss"])
    else:
        seconds = infer(module, inputs, cases["logit"][:count], what)
    print(f"pytorch {what} {1e3 * seconds / count:.3f} {memory('VmHWM'):.1f} {before:.1f}")


if __name__ == "__main__":
    main(*sys.argv[1:])
