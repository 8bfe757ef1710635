"""`consilium run` as one would write it in Python: pydicom, json and lxml, pysam, NumPy, PyTorch, a process pool.

    pipeline_peer.py [--reasons] COHORT MODEL WORKERS OUT.csv

reads every case below COHORT/cases, compares whose its files are, and writes case,status,probability,logit for the first
label, in order. --reasons adds what the program says by default: each modality's Shapley value, and integrated gradients of
every token, the same 32 points of the same line. Nothing is hashed, signed, kept for another start or locked up.
"""
import csv
import math
import multiprocessing
import pathlib
import sys

sys.path[:0] = [str(pathlib.Path(__file__).parents[1] / "parity")]
import numpy as np
import torch

import parity
import pipeline_read


class Network(parity.Network):
    """With all pictures of one size in one convolution."""

    def __init__(self, *model):
        super().__init__(*model)
        for name, w in self.w.items():
            if ".stem." in name and name.endswith((".first.weight", ".mix.weight", ".half.weight")):
                self.w[name] = w.reshape(w.shape[0], 3, 3, -1).permute(0, 3, 1, 2).contiguous()

    def conv(self, x, name, stride=1):
        w, b = self.w[name + ".weight"], self.w[name + ".bias"]
        return torch.nn.functional.conv2d(x.permute(0, 3, 1, 2), w, b, stride, padding=1).permute(0, 2, 3, 1)

    def stem(self, m, x, tiles):
        side, first, p = m["patch_side"], m["patch_feature"], m["name"] + ".stem."
        pixels = torch.nan_to_num(x[:, first : first + side * side]).reshape(-1, side, side)
        out = torch.zeros(len(x), self.c["width"])
        for rows, columns in np.unique(tiles[:, 3:], axis=0).tolist():
            mine = torch.from_numpy(np.flatnonzero((tiles[:, 3:] == (rows, columns)).all(1)))
            planes, plane = np.unique(tiles[mine, 0], return_inverse=True)
            at = (torch.from_numpy(plane), *torch.from_numpy(tiles[mine, 1:3]).T)
            h = torch.zeros(len(planes), rows, columns, side, side)
            h[at] = pixels[mine]
            h = h.transpose(2, 3).reshape(len(planes), rows * side, columns * side, 1)
            h = self.conv(h, p + "first", 2)
            for k in range(side.bit_length() - 2):
                a = self.conv(self.norm(h, f"{p}{k}.norm1"), f"{p}{k}.mix")
                h = h + self.linear(torch.nn.functional.gelu(a, approximate="tanh"), f"{p}{k}.add")
                h = self.conv(self.norm(h, f"{p}{k}.norm2"), f"{p}{k}.half", 2)
            out[mine] = h[at]
        return out

    def shapley(self, seen, baseline):
        """Of each modality that was seen: its share of the first label's logit."""
        names = list(seen)
        worth = {frozenset(): baseline}
        for index in range(1, 1 << len(names)):
            use = {n: seen[n] for i, n in enumerate(names) if index >> i & 1}
            worth[frozenset(use)] = float(self.fuse(use)[0, 0])
        weight = lambda k: math.factorial(k) * math.factorial(len(names) - k - 1) / math.factorial(len(names))
        return {n: sum(weight(len(s)) * (worth[s | {n}] - w) for s, w in worth.items() if n not in s) for n in names}

    STRETCHES, NODES = 4, 8

    def gradients(self, embedded):
        """Integrated gradients of the first label's logit by each token, from the mean token on; docs/model.md, "Findings"."""
        root, weight = np.polynomial.legendre.leggauss(self.NODES)
        offset = {n: h - h.mean(0) for n, (h, _) in embedded.items()}
        part = {n: torch.zeros(len(o)) for n, o in offset.items()}
        for stretch in range(self.STRETCHES):
            at = torch.tensor((stretch + (root + 1) / 2) / self.STRETCHES, dtype=torch.float32)[:, None, None]
            h = {n: (embedded[n][0] - (1 - at) * offset[n]).requires_grad_() for n in offset}
            seen = {m["name"]: (*self.attend(m, h[m["name"]]), embedded[m["name"]][1]) for m in self.modalities if m["name"] in h}
            slopes = torch.autograd.grad(self.fuse(seen)[:, 0, 0].sum(), list(h.values()))
            scale = torch.tensor(weight / 2 / self.STRETCHES, dtype=torch.float32)[:, None]
            for n, slope in zip(h, slopes):
                part[n] += (scale * (slope * offset[n]).sum(-1)).sum(0)
        return part


class Scorer:
    def __init__(self, model, reasons):
        torch.set_num_threads(1)
        tensors, metadata = parity.read_safetensors(model)
        self.network, self.reasons = Network(tensors, metadata), reasons
        self.features = {m["name"]: pipeline_read.Features(m) for m in self.network.modalities}
        self.calibration = parity.json.loads(metadata["calibration"])[0]

    def score(self, folder):
        tokens, same = pipeline_read.read_case(folder)
        if not same:
            return folder.name, "withheld", "", ""
        embedded = {}
        with torch.no_grad():
            for m in self.network.modalities:
                if m["name"] in tokens:
                    *numbers, tiles = tokens[m["name"]]
                    x, codes = self.features[m["name"]](*numbers)
                    embedded[m["name"]] = self.network.embed(m, torch.from_numpy(x), torch.from_numpy(codes), tiles)
            seen = {m["name"]: (*self.network.attend(m, embedded[m["name"]][0]), embedded[m["name"]][1])
                    for m in self.network.modalities if m["name"] in embedded}
            logit = float(self.network.fuse(seen)[0, 0])
            if self.reasons:
                self.network.shapley(seen, self.calibration["baseline"])
        if self.reasons:
            self.network.gradients(embedded)
        return folder.name, "scored", 1 / (1 + math.exp(-logit / self.calibration["temperature"])), logit


def begin(*arguments):
    global scorer
    scorer = Scorer(*arguments)


def score(folder):
    return scorer.score(folder)


def main(arguments):
    reasons = arguments[:1] == ["--reasons"]
    if len(arguments) != 4 + reasons:
        print(__doc__, file=sys.stderr)
        return 2
    cohort, model, workers, out = arguments[reasons:]
    cases = sorted(pathlib.Path(cohort, "cases").iterdir())
    with open(out, "w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["case", "status", "probability", "logit"])
        if workers == "1":
            begin(model, reasons)
            table.writerows(map(score, cases))
        else:
            with multiprocessing.Pool(int(workers), begin, (model, reasons)) as pool:
                table.writerows(pool.imap(score, cases, chunksize=4))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
