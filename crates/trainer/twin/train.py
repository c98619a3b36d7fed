"""A twin of the trainer's network and loop, for machines where PyTorch is several times faster.

Reads the windows that `trainer pack` writes, and writes safetensors with the names and shapes of
`model::network`, so that `trainer export` takes them as it takes its own checkpoints. A test of
the trainer holds both to the same logits and losses (`--fixture`).

    pip install torch numpy safetensors
    python train.py --windows w0.bin w1.bin --valid valid.bin --out run --steps 20000000

With glibc, `MALLOC_MMAP_MAX_=0 MALLOC_TRIM_THRESHOLD_=17179869184` in the environment keeps the
memory of an update for the next, instead of half of the time being spent on getting it anew.

Legend: B rows, T steps of a row, d model width, H heads, K key heads, V classes.
"""

import argparse
import json
import math
import os
import time

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file

N_INPUTS, N_TARGETS, IGNORE = 24, 6, 65535
CHUNK = 128
COND, NULL, N_CONDITIONS = 23, 6, 7
T_CHORD, T_POS, T_SYM, T_DUR, T_VEL, T_MICRO = range(N_TARGETS)
TARGET_NAMES = ["chord", "pos", "sym", "dur", "vel", "micro"]

DEFAULT = dict(d_model=192, n_layers=6, n_heads=6, n_kv_heads=2, d_ff=512, d_cond=48,
               context_len=384, rms_eps=1e-5, rope_base=10000.0)
TINY = dict(d_model=64, n_layers=2, n_heads=4, n_kv_heads=2, d_ff=128, d_cond=16,
            context_len=128, rms_eps=1e-5, rope_base=10000.0)


def init_weights(config, field_sizes, seed):
    """Random weights by name; projections that end a branch start smaller."""
    torch.manual_seed(seed)
    d, layers = config["d_model"], config["n_layers"]
    head_dim = d // config["n_heads"]
    kv = config["n_kv_heads"] * head_dim
    weights = {}

    def normal(name, *shape, std):
        weights[name] = torch.randn(*shape) * std

    normal("embed.weight", sum(field_sizes[:COND]), d, std=0.05)
    normal("cond.weight", field_sizes[COND], config["d_cond"], std=1.0)
    for i in range(layers):
        p = f"layers.{i}."
        out_std = d ** -0.5 / math.sqrt(2 * layers)
        normal(p + "film.weight", 4 * d, config["d_cond"], std=0.01)
        weights[p + "norm1.weight"] = torch.ones(d)
        weights[p + "norm2.weight"] = torch.ones(d)
        normal(p + "q.weight", d, d, std=d ** -0.5)
        normal(p + "k.weight", kv, d, std=d ** -0.5)
        normal(p + "v.weight", kv, d, std=d ** -0.5)
        normal(p + "o.weight", d, d, std=out_std)
        normal(p + "gate.weight", config["d_ff"], d, std=d ** -0.5)
        normal(p + "up.weight", config["d_ff"], d, std=d ** -0.5)
        normal(p + "down.weight", d, config["d_ff"], std=out_std)
    weights["norm.weight"] = torch.ones(d)
    for name, n_classes, width in [("chord", 97, d), ("pos", 25, d), ("sym", 192, d), ("dur", 32, 128),
                                   ("vel", 8, 64), ("micro", 9, 64)]:
        normal(f"head.{name}.weight", n_classes, width, std=0.02)
        weights[f"head.{name}.bias"] = torch.zeros(n_classes)
    for name, width, tables in [("sym", d, {"pos": 25}), ("dur", 128, {"pos": 25, "sym": 192}),
                                ("expr", 64, {"pos": 25, "sym": 192, "dur": 33})]:
        normal(f"{name}.proj.weight", width, d, std=d ** -0.5)
        for table, n in tables.items():
            normal(f"{name}.{table}.weight", n, width, std=0.3)
    return weights


def rms_norm(x, weight, eps):
    return F.rms_norm(x, (x.shape[-1],), weight, eps)


def rotate(x, cos, sin):
    """Rotary positions over pairs (i, i + head_dim / 2); x is (B, H, T, head_dim)."""
    a, b = x.chunk(2, dim=-1)
    return torch.cat((a * cos - b * sin, a * sin + b * cos), dim=-1)


def attention(q, k, v, bias):
    """Causal attention of q (B, H, T, hd) over k and v (B, K, T, hd), in chunks of queries.

    A chunk sees only the keys up to its own end, which saves what lies above the diagonal.
    """
    B, H, T, hd = q.shape
    K = k.shape[1]
    chunk = min(CHUNK, T)
    q = q.reshape(B, K, H // K, T, hd)
    out = []
    for start in range(0, T, chunk):
        end = start + chunk
        rows = q[:, :, :, start:end].reshape(B, K, H // K * chunk, hd)
        scores = torch.matmul(rows, k[:, :, :end].transpose(-1, -2)).view(B, K, H // K, chunk, end)
        share = torch.softmax(scores + bias[:, :, :, start:end, :end], dim=-1).to(v.dtype)
        out.append(torch.matmul(share.view(B, K, H // K * chunk, end), v[:, :, :end])
                   .view(B, K, H // K, chunk, hd))
    return torch.cat(out, dim=3).reshape(B, H, T, hd)


def layer(x, film, slots, cos, sin, bias, norm1, norm2, wq, wk, wv, wo, gate, up, down, n_heads, n_kv_heads, eps):
    """One layer: x (B, T, d), film (35, 4d) picked by slots (B * T)."""
    B, T, d = x.shape
    hd = d // n_heads
    scale1, shift1, scale2, shift2 = film.index_select(0, slots).view(B, T, 4, d).unbind(2)
    h = rms_norm(x, norm1, eps) * (1 + scale1) + shift1
    q = F.linear(h, wq).view(B, T, n_heads, hd).transpose(1, 2)
    k = F.linear(h, wk).view(B, T, n_kv_heads, hd).transpose(1, 2)
    v = F.linear(h, wv).view(B, T, n_kv_heads, hd).transpose(1, 2)
    q, k = rotate(q, cos, sin) * hd ** -0.5, rotate(k, cos, sin)
    att = attention(q, k, v, bias).transpose(1, 2).reshape(B, T, d)
    x = x + F.linear(att, wo)
    h = rms_norm(x, norm2, eps) * (1 + scale2) + shift2
    return x + F.linear(F.silu(F.linear(h, gate)) * F.linear(h, up), down)


def hidden(w, config, inputs, segments, field_offsets):
    """Final hidden states (B, T, d) of inputs (B, T, 24) and segments (B, T)."""
    B, T, _ = inputs.shape
    d, half = config["d_model"], config["d_model"] // config["n_heads"] // 2
    rows = (inputs[..., :COND] + field_offsets).reshape(B * T, COND)
    x = F.embedding_bag(rows, w["embed.weight"], mode="sum").view(B, T, d)
    slots = inputs[..., COND].reshape(-1)
    angles = torch.arange(T)[:, None] / config["rope_base"] ** (torch.arange(half) * 2 / (2 * half))
    seen = torch.ones(T, T, dtype=torch.bool).tril()
    mask = seen & (segments[:, :, None] == segments[:, None, :])
    bias = torch.zeros(B, 1, 1, T, T).masked_fill(~mask[:, None, None], float("-inf"))
    low = torch.bfloat16 if torch.is_autocast_enabled("cpu") else torch.float32
    bias, cos, sin = bias.to(low), angles.cos().to(low), angles.sin().to(low)
    for i in range(config["n_layers"]):
        p = f"layers.{i}."
        film = w["cond.weight"] @ w[p + "film.weight"].T                            # (35, 4d)
        names = ["norm1", "norm2", "q", "k", "v", "o", "gate", "up", "down"]
        x = layer(x, film, slots, cos, sin, bias, *(w[f"{p}{n}.weight"] for n in names),
                  config["n_heads"], config["n_kv_heads"], config["rms_eps"])
    return rms_norm(x, w["norm.weight"], config["rms_eps"])


def logits(w, h, targets):
    """For each target the indices of steps that count (N,) and their logits (N, V)."""
    h, targets = h.reshape(-1, h.shape[-1]), targets.reshape(-1, N_TARGETS)
    known = targets != IGNORE
    out = []

    def head(name, target, u, rows):
        out.append((target, rows, F.linear(u, w[f"head.{name}.weight"], w[f"head.{name}.bias"])))

    chord_rows = known[:, T_CHORD].nonzero(as_tuple=True)[0]
    head("chord", T_CHORD, h[chord_rows], chord_rows)
    pos_rows = known[:, T_POS].nonzero(as_tuple=True)[0]
    head("pos", T_POS, h[pos_rows], pos_rows)

    def cascade(stage, rows, given):
        z = F.linear(h[rows], w[f"{stage}.proj.weight"])
        for table, target, missing in given:
            values = targets[rows, target]
            if missing is not None:
                values = torch.where(values == IGNORE, missing, values)
            z = z + w[f"{stage}.{table}.weight"][values]
        return F.silu(z)

    rows = known[:, T_SYM].nonzero(as_tuple=True)[0]
    head("sym", T_SYM, cascade("sym", rows, [("pos", T_POS, None)]), rows)
    rows = known[:, T_DUR].nonzero(as_tuple=True)[0]
    head("dur", T_DUR, cascade("dur", rows, [("pos", T_POS, None), ("sym", T_SYM, None)]), rows)
    for name, target in [("vel", T_VEL), ("micro", T_MICRO)]:
        rows = known[:, target].nonzero(as_tuple=True)[0]
        given = [("pos", T_POS, None), ("sym", T_SYM, None), ("dur", T_DUR, 32)]
        head(name, target, cascade("expr", rows, given), rows)
    return out


def losses(w, config, inputs, targets, segments, field_offsets):
    """Summed cross entropy in nats a target (6,)."""
    h = hidden(w, config, inputs, segments, field_offsets)
    flat = targets.reshape(-1, N_TARGETS)
    return torch.stack([
        F.cross_entropy(scores.float(), flat[rows, target], reduction="sum")
        for target, rows, scores in logits(w, h, targets)
    ])


def read_rows(path):
    with open(os.path.splitext(path)[0] + ".json") as f:
        layout = json.load(f)
    width = N_INPUTS + N_TARGETS + 1
    rows = np.memmap(path, dtype="<u2", mode="r").reshape(-1, layout["context_len"], width)
    return layout, rows


def batch(rows):
    rows = torch.from_numpy(rows.astype(np.int64))
    return rows[..., :N_INPUTS], rows[..., N_INPUTS:-1], rows[..., -1]


def field_offsets(field_sizes):
    return torch.tensor([0] + list(np.cumsum(field_sizes[:COND - 1])))


def evaluate(w, config, path, offsets, n_rows=None):
    """Bits a note a genre: with its own genre, and with none."""
    layout, rows = read_rows(path)
    row_genres = np.array(layout["row_genres"])
    table = {}
    for genre, name in enumerate(layout["genres"]):
        picked = np.flatnonzero(row_genres == genre)[:n_rows]
        nats, nulls, notes = torch.zeros(N_TARGETS), torch.zeros(N_TARGETS), 0
        for at in range(0, len(picked), 8):
            inputs, targets, segments = batch(rows[picked[at:at + 8]])
            null = inputs.clone()
            null[..., COND] = null[..., COND] // N_CONDITIONS * N_CONDITIONS + NULL
            with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16):
                nats += losses(w, config, inputs, targets, segments, offsets).float()
                nulls += losses(w, config, null, targets, segments, offsets).float()
            notes += int((targets[..., T_SYM] != IGNORE).sum())
        bits = lambda x: float(x[:T_VEL].sum()) / math.log(2) / max(notes, 1)
        table[name] = (bits(nats), bits(nulls))
    return table


def learning_rate(seen, total, peak, warmup, decay):
    """Rises for `warmup` steps, stays, and falls to a fiftieth in the last `decay` steps.

    A run that stays can go on for as long as there is time; a copy of it that falls is what ships.
    """
    return peak * min(1.0, seen / warmup) * min(1.0, max(0.02, (total - seen) / decay))


def train(args):
    torch.set_num_threads(args.threads)
    if args.compile:
        global layer
        layer = torch.compile(layer)
    os.makedirs(args.out, exist_ok=True)
    layout, _ = read_rows(args.windows[0])
    config = dict(DEFAULT)
    offsets = field_offsets(layout["inputs"])
    weights = init_weights(config, layout["inputs"], args.seed)
    if args.init:
        # What ships is bfloat16, and holds more than the network; training goes on in float32.
        shipped = load_file(args.init)
        weights = {name: shipped[name].float() for name in weights}
    # The optimizer numbers what it updates: one order, whether a run began from weights or not.
    weights = dict(sorted(weights.items()))
    learnt = {k: v.requires_grad_() for k, v in weights.items() if k.startswith(tuple(args.only))}
    matrices = [v for k, v in learnt.items() if v.dim() == 2 and not k.startswith(("embed", "cond"))]
    others = [v for v in learnt.values() if not any(v is m for m in matrices)]
    optimizer = torch.optim.AdamW([dict(params=matrices, weight_decay=0.1), dict(params=others, weight_decay=0.0)],
                                  lr=args.lr, betas=(0.9, 0.95), eps=1e-8, fused=True)
    state = dict(seen=0, file=0, row=0)
    checkpoint = os.path.join(args.out, "checkpoint.pt")
    if os.path.exists(checkpoint):
        saved = torch.load(checkpoint)
        state = saved["state"]
        optimizer.load_state_dict(saved["optimizer"])
        with torch.no_grad():
            for name, value in saved["weights"].items():
                weights[name].copy_(value)
        print(f"resumed at {state['seen']} steps", flush=True)
    log = open(os.path.join(args.out, "log.jsonl"), "a")

    def save():
        plain = {name: value.detach().clone() for name, value in weights.items()}
        torch.save(dict(state=state, optimizer=optimizer.state_dict(), weights=plain), checkpoint + ".partial")
        os.replace(checkpoint + ".partial", checkpoint)
        save_file(plain, os.path.join(args.out, "weights.safetensors"))

    def report(loss, rate):
        table = evaluate(weights, config, args.valid, offsets, args.valid_rows)
        line = dict(steps=state["seen"], train_nats_per_step=loss, steps_per_s=rate, valid=table)
        log.write(json.dumps(line) + "\n")
        log.flush()
        shown = "  ".join(f"{name} {own:.3f} ({null:.3f})" for name, (own, null) in table.items())
        print(f"{state['seen']:>10}  loss {loss:.4f}  {rate:.0f}/s  bits a note: {shown}", flush=True)

    saved_at = reported_at = time.time()
    running, began, began_at = None, time.time(), state["seen"]
    next_report = state["seen"] + args.report
    while state["seen"] < args.steps:
        path = args.windows[state["file"] % len(args.windows)]
        if not os.path.exists(os.path.splitext(path)[0] + ".json"):
            time.sleep(5)  # Still being packed.
            continue
        _, rows = read_rows(path)
        if state["row"] + args.rows > len(rows):
            state["file"], state["row"] = state["file"] + 1, 0
            continue
        inputs, targets, segments = batch(rows[state["row"]:state["row"] + args.rows])
        n_steps = int((segments != IGNORE).sum())
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(state["seen"], args.steps, args.lr, args.warmup, args.decay)
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=not args.f32):
            loss = losses(weights, config, inputs, targets, segments, offsets).sum() / n_steps
        loss.backward()
        torch.nn.utils.clip_grad_norm_(list(learnt.values()), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        state["seen"] += n_steps
        state["row"] += args.rows
        now = loss.item()
        running = now if running is None else 0.97 * running + 0.03 * now
        if args.probe and state["seen"] > began_at + args.probe:
            print(f"{(state['seen'] - began_at) / (time.time() - began):.0f} steps/s, loss {running:.3f}")
            return
        if state["seen"] >= next_report:
            rate = (state["seen"] - began_at) / (time.time() - began)
            report(running, rate)
            began, began_at, next_report = time.time(), state["seen"], state["seen"] + args.report
        if time.time() - saved_at > 180:
            save()
            saved_at = time.time()
    save()
    report(running, 0.0)


def fixture(folder):
    """A tiny network with inputs, logits and losses, for the parity test of the Rust trainer."""
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "layout.json")) as f:
        layout = json.load(f)
    sizes, target_sizes = layout["inputs"], layout["targets"]
    torch.manual_seed(7)
    weights = init_weights(TINY, sizes, 3)
    weights = {k: v if v.dim() == 1 else v * 2 for k, v in weights.items()}
    inputs = torch.stack([torch.randint(0, n, (2, 32)) for n in sizes], -1)
    targets = torch.stack([torch.randint(0, n, (2, 32)) for n in target_sizes], -1)
    kinds = torch.rand(2, 32)
    targets[..., T_CHORD][kinds > 0.3] = IGNORE
    targets[..., 1:][kinds <= 0.3] = IGNORE
    targets[..., T_DUR][kinds > 0.7] = IGNORE
    targets[..., T_VEL:][kinds > 0.9] = IGNORE
    segments = (torch.arange(32) // 12).expand(2, 32).contiguous()
    offsets = field_offsets(sizes)
    h = hidden(weights, TINY, inputs, segments, offsets)
    arrays = {f"weights.{k}": v for k, v in weights.items()}
    arrays |= dict(inputs=inputs.int(), targets=targets.int(), segments=segments.int(), hidden=h)
    for target, rows, scores in logits(weights, h, targets):
        arrays[f"logits.{TARGET_NAMES[target]}"] = scores.contiguous()
        arrays[f"rows.{TARGET_NAMES[target]}"] = rows.int()
    arrays["losses"] = losses(weights, TINY, inputs, targets, segments, offsets)
    save_file({k: v.detach().contiguous() for k, v in arrays.items()}, os.path.join(folder, "parity.safetensors"))
    with open(os.path.join(folder, "parity.json"), "w") as f:
        json.dump(TINY, f)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--windows", nargs="+", help="files of `trainer pack`, read in turn")
    parser.add_argument("--valid", help="file of `trainer pack --held-out`")
    parser.add_argument("--valid-rows", type=int, default=16, help="rows a genre while training")
    parser.add_argument("--out", help="folder for checkpoint, weights and log; resumes if it holds one")
    parser.add_argument("--init", help="weights to start from")
    parser.add_argument("--only", nargs="+", default=[""], help="beginnings of the names of what is learnt")
    parser.add_argument("--steps", type=int, default=20_000_000)
    parser.add_argument("--rows", type=int, default=8, help="rows a batch")
    parser.add_argument("--lr", type=float, default=1.5e-3)
    parser.add_argument("--warmup", type=int, default=400_000, help="steps of rising learning rate")
    parser.add_argument("--decay", type=int, default=6_000_000, help="steps of falling learning rate, the last ones")
    parser.add_argument("--report", type=int, default=1_000_000, help="steps between reports")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--f32", action="store_true", help="no bfloat16")
    parser.add_argument("--compile", action="store_true", help="compile the layers; needs a C++ compiler")
    parser.add_argument("--probe", type=int, help="measure over this many steps and stop")
    parser.add_argument("--fixture", help="folder with a layout.json: write the parity fixture there")
    args = parser.parse_args()
    fixture(args.fixture) if args.fixture else train(args)


if __name__ == "__main__":
    main()
