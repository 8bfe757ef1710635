"""The network of docs/model.md once more, in PyTorch, written from that page and from nothing else.

    parity.py MODEL TOKENS          prints the logits of all branches for the tokens that `consilium embed` printed
    parity.py --check FOLDER        compares with what tests/parity/dump wrote there; exit 1 where they differ, 77 without torch

In the folder: model.safetensors, tokens.jsonl, expected.json ({"subsets": [{"modalities", "logits": [branch][label]}],
"dlogits": [branch][label], "contrast": {"batch": [case][modality], "loss"}, "losses": [{"kind", "logit", "target",
"temperature", "smoothing", "loss", "gradient"}]}), gradient.safetensors, the gradient of
sum(dlogits * logits) with all modalities, tokens.N.jsonl of each case of the batch, and contrast.safetensors, the gradient
of the contrastive loss over the batch.
"""
import json
import struct
import sys

try:
    import numpy as np
    import torch
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

BRANCHES = ("hybrid", "early", "late", "joint")


def read_safetensors(path):
    with open(path, "rb") as f:
        raw = f.read()
    (length,) = struct.unpack("<Q", raw[:8])
    header = json.loads(raw[8 : 8 + length])
    metadata = header.pop("__metadata__", {})
    tensors = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        values = np.frombuffer(raw[8 + length + begin : 8 + length + end], dtype="<f4")
        tensors[name] = torch.from_numpy(values.reshape(entry["shape"]).copy())
    return tensors, metadata


def code_row(codes, code):
    if code is None:
        return 0
    if code in codes:
        return codes[code]
    system, bar, _ = code.partition("|")
    return codes.get(system + "|", 0) if bar else 0


def read_tokens(path, modalities, budget):
    """For each modality with tokens: x with NaN where not known, rows of the vocabulary, and tiles or None."""
    rows = {m["name"]: [] for m in modalities}
    with open(path, encoding="utf-8") as f:
        for line in f:
            item = json.loads(line)
            if item["type"] == "token" and item["modality"] in rows:
                rows[item["modality"]].append(item)
    case = {}
    number = lambda v: np.nan if v is None else v
    for m in modalities:
        tokens = rows[m["name"]]
        if not tokens:
            continue
        count = min(len(tokens), budget)
        tokens = [tokens[i * len(tokens) // count] for i in range(count)]
        codes = {c["code"]: i + 1 for i, c in enumerate(m["codes"])}
        xs, cs, tiles = [], [], []
        for t in tokens:
            c = code_row(codes, t.get("code"))
            value = np.array([number(t["features"][f["name"]]) for f in m["features"]], dtype=np.float32)
            mean = np.array([f["mean"] for f in m["features"]], dtype=np.float32)
            deviation = np.array([f["deviation"] for f in m["features"]], dtype=np.float32)
            if c and m["coded_feature"] >= 0:
                mean[m["coded_feature"]] = m["codes"][c - 1]["mean"]
                deviation[m["coded_feature"]] = m["codes"][c - 1]["deviation"]
            place = [(number(v) - p["mean"]) / p["deviation"] for v, p in zip(t["position"], m["positions"])]
            x = np.concatenate([(value - mean) / deviation, np.array(place, dtype=np.float64).astype(np.float32)])
            xs.append(np.clip(x, -10, 10))
            cs.append(c)
            tiles.append(t.get("tile"))
        case[m["name"]] = (torch.from_numpy(np.stack(xs).astype(np.float32)), torch.tensor(cs), tiles)
    return case


class Network:
    """Of one case, or of cases with the same numbers of tokens: a batch is a dimension in front of all others."""

    def __init__(self, tensors, metadata):
        self.w = tensors
        self.c = json.loads(metadata["configuration"])
        self.modalities = json.loads(metadata["modalities"])

    def linear(self, x, name):
        return torch.nn.functional.linear(x, self.w[name + ".weight"], self.w[name + ".bias"])

    def norm(self, x, name):
        return torch.nn.functional.layer_norm(x, x.shape[-1:], self.w[name + ".weight"], self.w[name + ".bias"], 1e-5)

    def attention(self, q, k, v):
        heads = self.c["heads"]
        split = lambda a: a.reshape(*a.shape[:-1], heads, -1).transpose(-3, -2)
        q, k, v = split(q), split(k), split(v)
        p = torch.softmax(q @ k.transpose(-2, -1) / q.shape[-1] ** 0.5, -1)
        return (p @ v).transpose(-3, -2).flatten(-2)

    def mlp(self, x, up, down):
        return self.linear(torch.nn.functional.gelu(self.linear(x, up), approximate="tanh"), down)

    def conv(self, x, name, stride=1):
        w = self.w[name + ".weight"]
        w = w.reshape(w.shape[0], 3, 3, -1).permute(0, 3, 1, 2)
        y = torch.nn.functional.conv2d(x.permute(2, 0, 1)[None], w, self.w[name + ".bias"], stride, padding=1)
        return y[0].permute(1, 2, 0)

    def stem(self, m, x, tiles):
        """[n, D]: what the stem says of each token; 0 where it is no tile."""
        side, first, out = m["patch_side"], m["patch_feature"], torch.zeros(len(tiles), self.c["width"])
        pixels = torch.nan_to_num(x[:, first : first + side * side], nan=0.0).reshape(-1, side, side)
        begin = 0
        while begin < len(tiles):
            picture = [tiles[begin][i] for i in (0, 3, 4)] if tiles[begin] else None
            end = begin + 1
            while picture and end < len(tiles) and tiles[end] and [tiles[end][i] for i in (0, 3, 4)] == picture:
                end += 1
            if picture:
                _, rows, columns = picture
                h = torch.zeros(rows, side, columns, side)
                for i in range(begin, end):
                    h[tiles[i][1], :, tiles[i][2], :] = pixels[i]
                p = m["name"] + ".stem."
                h = self.conv(h.reshape(rows * side, columns * side, 1), p + "first", 2)
                for k in range(side.bit_length() - 2):
                    a = self.conv(self.norm(h, f"{p}{k}.norm1"), f"{p}{k}.mix")
                    h = h + self.linear(torch.nn.functional.gelu(a, approximate="tanh"), f"{p}{k}.add")
                    h = self.conv(self.norm(h, f"{p}{k}.norm2"), f"{p}{k}.half", 2)
                for i in range(begin, end):
                    out[i] = h[tiles[i][1], tiles[i][2]]
            begin = end
        return out

    def embed(self, m, x, codes, tiles=None):
        """Tokens [..., n, D], and what the early branch takes from them."""
        name, coded, w = m["name"], m["coded_feature"], self.w
        known = ~torch.isnan(x)
        u = torch.where(known, x, w[name + ".unknown"])
        h = self.linear(u, name + ".embed")
        if name + ".code" in w:
            h = h + w[name + ".code"][codes]
        if name + ".code_scale" in w:
            s = torch.where(known[..., coded], x[..., coded], torch.zeros(()))
            h = h + s[..., None] * w[name + ".code_scale"][codes]
        early = self.linear(h.mean(-2), name + ".early")
        if m.get("patch_side") and tiles is not None:
            h = h + self.stem(m, x, tiles)
        return h, early

    def attend(self, m, h):
        """Of embedded tokens: the encoded ones with the class token in front, and the modality embedding."""
        name, w = m["name"], self.w
        h = torch.cat([w[name + ".class"].expand(*h.shape[:-2], 1, -1), h], -2)
        for b in range(self.c["blocks"]):
            p = f"{name}.block.{b}."
            q, k, v = self.linear(self.norm(h, p + "norm1"), p + "qkv").chunk(3, -1)
            h = h + self.linear(self.attention(q, k, v), p + "out")
            h = h + self.mlp(self.norm(h, p + "norm2"), p + "up", p + "down")
        t = self.norm(h, name + ".norm")
        peak = (torch.softmax(2 * t[..., 1:, :], -2) * t[..., 1:, :]).sum(-2)
        e = self.linear(torch.cat([t[..., 0, :], t[..., 1:, :].mean(-2), peak], -1), name + ".pool")
        return t, e

    def encode(self, m, x, codes, tiles=None):
        h, early = self.embed(m, x, codes, tiles)
        return *self.attend(m, h), early

    def fuse(self, seen):
        """Logits [..., branch, label] of the encoded modalities."""
        w, names = self.w, [m["name"] for m in self.modalities]
        batch = next(iter(seen.values()))[1].shape[:-1]
        whole = lambda v: v.expand(*batch, -1)
        early = torch.cat([whole(seen[n][2] if n in seen else w[n + ".early_missing"]) for n in names], -1)
        early = self.mlp(early, "fusion.early.up", "fusion.early.down")
        late = torch.stack([self.linear(seen[n][1], n + ".late") for n in seen]).mean(0)
        y = w["fusion.joint.bottleneck"]
        x = torch.cat([seen[n][0] + w[n + ".joint_modality"] for n in seen], -2)
        for b in range(self.c["cross_blocks"]):
            p = f"fusion.joint.block.{b}."
            k, v = self.linear(x, p + "kv").chunk(2, -1)
            y = y + self.linear(self.attention(self.linear(self.norm(y, p + "norm1"), p + "q"), k, v), p + "out")
            y = y + self.mlp(self.norm(y, p + "norm2"), p + "up", p + "down")
        mix = torch.cat([whole(seen[n][1] if n in seen else w[n + ".joint_missing"]) for n in names], -1)
        r = [self.linear(seen[n][1], n + ".pair") for n in seen]
        pairs = sum((r[a] * r[b] for b in range(len(r)) for a in range(b)), torch.zeros(self.c["width"]))
        z = (
            self.norm(y, "fusion.joint.norm").mean(-2)
            + self.mlp(mix, "fusion.joint.mix_up", "fusion.joint.mix_down")
            + self.linear(pairs, "fusion.joint.pair")
        )
        joint = self.linear(z, "fusion.joint.head")
        g = torch.softmax(self.linear(z, "fusion.gate"), -1).unsqueeze(-2)
        return torch.stack([g[..., 0] * early + g[..., 1] * late + g[..., 2] * joint, early, late, joint], -2)

    def forward(self, case):
        return self.fuse({m["name"]: self.encode(m, *case[m["name"]]) for m in self.modalities if m["name"] in case})

    def contrast(self, batch):
        """Of the cases, each a dictionary of the modalities that it shows."""
        shared = []
        for case in batch:
            vectors = {}
            for m in self.modalities:
                if m["name"] in case:
                    p = self.linear(self.encode(m, *case[m["name"]])[1], m["name"] + ".project")
                    vectors[m["name"]] = p / p.norm()
            shared.append(vectors)
        names, losses = [m["name"] for m in self.modalities], []
        for b in range(len(names)):
            for a in range(b):
                both = [v for v in shared if names[a] in v and names[b] in v]
                if len(both) < 2:
                    continue
                left = torch.stack([v[names[a]] for v in both])
                right = torch.stack([v[names[b]] for v in both])
                s = self.w["fusion.contrast.log_scale"].exp() * left @ right.T
                own = torch.arange(len(both))
                cross_entropy = torch.nn.functional.cross_entropy
                losses.append((cross_entropy(s, own) + cross_entropy(s.T, own)) / 2)
        return torch.stack(losses).mean()


def load(model, tokens):
    network = Network(*read_safetensors(model))
    return network, read_tokens(tokens, network.modalities, network.c["token_budget"])


def check(folder):
    network, case = load(folder + "/model.safetensors", folder + "/tokens.jsonl")
    with open(folder + "/expected.json", encoding="utf-8") as f:
        expected = json.load(f)
    worst = 0.0
    for subset in expected["subsets"]:
        logits = network.forward({m: case[m] for m in subset["modalities"]})
        worst = max(worst, float((logits - torch.tensor(subset["logits"])).abs().max()))
    print(f"logits of {len(expected['subsets'])} subsets: greatest difference {worst:.2e} (limit 1e-4)")
    for w in network.w.values():
        w.requires_grad_(True)
    (network.forward(case) * torch.tensor(expected["dlogits"])).sum().backward()
    fine = compare_gradients(network, folder + "/gradient.safetensors")
    for w in network.w.values():
        w.grad = None
    batch = []
    for i, used in enumerate(expected["contrast"]["batch"]):
        tokens = read_tokens(f"{folder}/tokens.{i}.jsonl", network.modalities, network.c["token_budget"])
        batch.append({m: tokens[m] for m in used})
    loss = network.contrast(batch)
    off = abs(float(loss) - expected["contrast"]["loss"]) / float(loss)
    print(f"contrastive loss of {len(batch)} cases: {float(loss):.6f}, relative difference {off:.2e} (limit 1e-4)")
    loss.backward()
    fine = compare_gradients(network, folder + "/contrast.safetensors") and fine
    fine = all([compare_loss(item) for item in expected["losses"]]) and fine
    return 0 if worst <= 1e-4 and off <= 1e-4 and fine else 1


def task_loss(kind, z, target, smoothing):
    if kind == "classes":
        true = torch.tensor(target.index(1.0))
        return torch.nn.functional.cross_entropy(z, true, label_smoothing=smoothing)
    known = [i for i, y in enumerate(target) if y is not None]
    y = torch.tensor([target[i] for i in known], dtype=z.dtype)
    y = y * (1 - smoothing) + smoothing / 2
    return torch.nn.functional.binary_cross_entropy_with_logits(z[known], y, reduction="sum")


def compare_loss(item):
    logit = torch.tensor(item["logit"], dtype=torch.float64, requires_grad=True)
    loss = task_loss(item["kind"], logit / item["temperature"], item["target"], item["smoothing"])
    loss.backward()
    off = abs(item["loss"] - loss.item()) / loss.item()
    steep = float((torch.tensor(item["gradient"], dtype=torch.float64) - logit.grad).norm() / logit.grad.norm())
    print(f"loss of {item['kind']} {loss.item():.6f}: relative difference {off:.1e}, of its gradient {steep:.1e} (limit 1e-4)")
    return off <= 1e-4 and steep <= 1e-4


def compare_gradients(network, path):
    gradient, _ = read_safetensors(path)
    share, where = 0.0, ""
    for name, w in network.w.items():
        own = torch.zeros_like(w) if w.grad is None else w.grad
        relative = float((own - gradient[name]).norm() / (own.norm() + 1e-6))
        if relative >= share:
            share, where = relative, name
    print(f"gradient of {len(network.w)} tensors: greatest relative difference {share:.2e}, of {where} (limit 1e-4)")
    return share <= 1e-4 and set(gradient) == set(network.w)


def main(arguments):
    if len(arguments) == 2 and arguments[0] == "--check":
        return check(arguments[1])
    if len(arguments) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    network, case = load(*arguments)
    with torch.no_grad():
        logits = network.forward(case)
    print(json.dumps({b: logits[i].tolist() for i, b in enumerate(BRANCHES)}))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
