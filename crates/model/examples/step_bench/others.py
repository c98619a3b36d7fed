"""The same decode step in PyTorch and onnxruntime, for step_bench to measure in turns with ours.

Reads one JSON line from standard input: where the weights are, the sizes, the context, the step
and our logits. Answers with a JSON line: the versions of what is installed, or why it is left
out. Then, for every line that names one of them, runs the step once to warm up and five times
timed, and answers with the shortest time in seconds.

All programs compute the same: one step under one genre at the same position, all layers and all
heads, in float32 on one thread, with the same values of the weights, which are stored in bfloat16
and computed with in float32. Nothing is held back: projections of one
input are one matrix, conditions are folded into gains and shifts beforehand, the cache of keys
and values is allocated once and never copied.

- PyTorch: eager, in inference mode; keys and values of the step are written in place behind those
  of the context; attention is one call of scaled_dot_product_attention.
- onnxruntime: one graph with all optimizations, inputs and outputs bound beforehand; keys and
  values of the context are inputs that stay where they are, those of the step are outputs, which a
  caller would write behind them.
"""

import json
import sys
import time

try:
    import numpy as np
except ImportError as error:
    print(json.dumps({name: {"missing": str(error)} for name in ("onnxruntime", "pytorch")}))
    sys.exit()


def read_safetensors(path):
    with open(path, "rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
        data = file.read()
    tensors = {}
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        start, end = entry["data_offsets"]
        if entry["dtype"] == "F32":
            values = np.frombuffer(data[start:end], "<f4")
        elif entry["dtype"] == "BF16":
            values = (np.frombuffer(data[start:end], "<u2").astype("<u4") << 16).view("<f4")
        else:
            raise ValueError(f"{name}: {entry['dtype']}")
        tensors[name] = values.reshape(entry["shape"]).copy()
    return tensors


def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def silu(x):
    return x / (1 + np.exp(-x))


class Net:
    """The weights, combined as every program uses them, and a plain step that fills the cache."""

    def __init__(self, task):
        w = read_safetensors(task["weights"])
        config = task["config"]
        self.d, self.ff = config["d_model"], config["d_ff"]
        self.kv, self.group = config["n_kv_heads"], config["n_heads"] // config["n_kv_heads"]
        self.hd = self.d // config["n_heads"]
        self.eps = config["rms_eps"]
        sizes = task["field_sizes"][:-1]
        self.offsets = np.cumsum([0] + sizes[:-1])
        self.n_conditions = task["n_conditions"]
        self.embed = w["embed.weight"]
        self.layers = []
        slots = range(task["field_sizes"][-1] // self.n_conditions)
        for i in range(config["n_layers"]):
            get = lambda name: w[f"layers.{i}.{name}.weight"]
            film = [get("film") @ w["cond.weight"][s * self.n_conditions + task["condition"]]
                    for s in slots]
            norms = []
            for n in range(2):
                gains = [(1 + f[2 * n * self.d:][:self.d]) * get(f"norm{n + 1}") for f in film]
                norms.append((gains, [f[(2 * n + 1) * self.d:][:self.d] for f in film]))
            self.layers.append({
                "norms": norms,
                "qkv": np.concatenate([get("q"), get("k"), get("v")]),
                "o": get("o"),
                "gate_up": np.concatenate([get("gate"), get("up")]),
                "down": get("down"),
            })
        self.norm = w["norm.weight"]
        self.proj = np.concatenate([w[f"{n}.proj.weight"] for n in ("sym", "dur", "expr")])
        self.splits = np.cumsum([w["sym.proj.weight"].shape[0], w["dur.proj.weight"].shape[0]])
        self.heads = {n: (w[f"head.{n}.weight"], w[f"head.{n}.bias"])
                      for n in ("chord", "pos", "sym", "dur", "vel", "micro")}
        pos, sym, dur = task["note"]
        # What the note that is asked about adds to each projection.
        self.adds = [
            w["sym.pos.weight"][pos],
            w["dur.pos.weight"][pos] + w["dur.sym.weight"][sym],
            w["expr.pos.weight"][pos] + w["expr.sym.weight"][sym] + w["expr.dur.weight"][dur],
        ]
        n = len(task["steps"])
        exponents = 2 * np.arange(self.hd // 2) / self.hd
        angles = np.arange(n)[:, None] / config["rope_base"] ** exponents
        self.cos = np.cos(np.concatenate([angles, angles], 1)).astype("f4")
        self.sin = np.sin(np.concatenate([-angles, angles], 1)).astype("f4")
        shape = (config["n_layers"], self.kv, n, self.hd)
        self.keys, self.values = np.zeros(shape, "f4"), np.zeros(shape, "f4")
        for position, step in enumerate(task["steps"]):
            self.logits = self.step(position, step)
        self.position, self.last = n - 1, task["steps"][-1]

    def rows(self, step):
        return self.offsets + np.array(step[:-1])

    def slot(self, step):
        return step[-1] // self.n_conditions

    def rms(self, x):
        return x / np.sqrt((x * x).mean() + np.float32(self.eps))

    def rotate(self, x, position):
        half = self.hd // 2
        swapped = np.concatenate([x[..., half:], x[..., :half]], -1)
        return x * self.cos[position] + swapped * self.sin[position]

    def step(self, position, step):
        slot = self.slot(step)
        x = self.embed[self.rows(step)].sum(0)
        n, d_kv = position + 1, self.kv * self.hd
        for i, layer in enumerate(self.layers):
            film = lambda x, n: self.rms(x) * layer["norms"][n][0][slot] + layer["norms"][n][1][slot]
            q, k, v = np.split(layer["qkv"] @ film(x, 0), [self.d, self.d + d_kv])
            q = self.rotate(q.reshape(self.kv, self.group, self.hd), position)
            self.keys[i, :, position] = self.rotate(k.reshape(self.kv, self.hd), position)
            self.values[i, :, position] = v.reshape(self.kv, self.hd)
            scores = q @ self.keys[i, :, :n].transpose(0, 2, 1) / np.float32(self.hd ** 0.5)
            x = x + layer["o"] @ (softmax(scores) @ self.values[i, :, :n]).reshape(-1)
            gate, up = np.split(layer["gate_up"] @ film(x, 1), 2)
            x = x + layer["down"] @ (silu(gate) * up)
        h = self.rms(x) * self.norm
        parts = np.split(self.proj @ h, self.splits)
        u = [silu(part + add) for part, add in zip(parts, self.adds)]
        inputs = {"chord": h, "pos": h, "sym": u[0], "dur": u[1], "vel": u[2], "micro": u[2]}
        return np.concatenate([w @ inputs[n] + b for n, (w, b) in self.heads.items()])


def in_torch(net):
    import torch
    from torch.nn import functional as F

    torch.set_num_threads(1)
    tensor = lambda x: torch.from_numpy(np.ascontiguousarray(x, "f4"))
    slot = net.slot(net.last)
    layers = [{
        "norms": [(tensor(gains[slot]), tensor(shifts[slot])) for gains, shifts in layer["norms"]],
        **{n: tensor(layer[n]) for n in ("qkv", "o", "gate_up", "down")},
    } for layer in net.layers]
    keys, values = tensor(net.keys)[:, None], tensor(net.values)[:, None]
    embed, norm, proj = tensor(net.embed), tensor(net.norm), tensor(net.proj)
    heads = {n: (tensor(w), tensor(b)) for n, (w, b) in net.heads.items()}
    heads["expr"] = tuple(torch.cat([a, b]) for a, b in zip(heads["vel"], heads["micro"]))
    adds = [tensor(add) for add in net.adds]
    p, half, d_kv = net.position, net.hd // 2, net.kv * net.hd
    cos, sin = tensor(net.cos[p]), tensor(net.sin[p])
    rows = torch.from_numpy(net.rows(net.last))
    widths = [a.shape[0] for a in adds]

    @torch.inference_mode()
    def step():
        x = embed[rows].sum(0, keepdim=True)
        for i, layer in enumerate(layers):
            gain, shift = layer["norms"][0]
            qkv = F.linear(F.rms_norm(x, (net.d,), gain, net.eps) + shift, layer["qkv"])
            qk = qkv[0, :net.d + d_kv].view(-1, net.hd)
            qk = qk * cos + qk.roll(half, -1) * sin
            keys[i, 0, :, p] = qk[-net.kv:]
            values[i, 0, :, p] = qkv[0, net.d + d_kv:].view(net.kv, net.hd)
            # Query heads that share a key head are rows of one product.
            q = qk[:-net.kv].view(1, net.kv, net.group, net.hd)
            out = F.scaled_dot_product_attention(q, keys[i, :, :, :p + 1], values[i, :, :, :p + 1])
            x = x + F.linear(out.reshape(1, net.d), layer["o"])
            gain, shift = layer["norms"][1]
            gate_up = F.linear(F.rms_norm(x, (net.d,), gain, net.eps) + shift, layer["gate_up"])
            gate, up = gate_up.split(net.ff, 1)
            x = x + F.linear(F.silu(gate) * up, layer["down"])
        h = F.rms_norm(x, (net.d,), norm, net.eps)
        u = [F.silu(part + add) for part, add in zip(F.linear(h, proj).split(widths, 1), adds)]
        inputs = {"chord": h, "pos": h, "sym": u[0], "dur": u[1], "expr": u[2]}
        return [F.linear(x, *heads[n]) for n, x in inputs.items()]

    return torch.__version__, step, lambda: torch.cat(step(), 1)[0].numpy()


def in_onnxruntime(net):
    import onnx
    import onnxruntime
    from onnx import TensorProto, helper, numpy_helper

    nodes, constants, outputs = [], [], []
    slot, p, half, d_kv = net.slot(net.last), net.position, net.hd // 2, net.kv * net.hd

    def constant(value, kind="f4"):
        name = f"c{len(constants)}"
        constants.append(numpy_helper.from_array(np.ascontiguousarray(value, kind), name))
        return name

    def node(op, *inputs, n=1, **attributes):
        names = [f"n{len(nodes)}_{i}" for i in range(n)]
        nodes.append(helper.make_node(op, list(inputs), names, **attributes))
        return names[0] if n == 1 else names

    shape = lambda x, *dims: node("Reshape", x, constant(dims, "i8"))
    linear = lambda x, w: node("MatMul", x, constant(w.T))
    silu = lambda x: node("Mul", x, node("Sigmoid", x))
    cut = lambda x, *sizes: node("Split", x, constant(sizes, "i8"), n=len(sizes), axis=-1)

    def rms(x, gain):
        return node("SimplifiedLayerNormalization", x, constant(gain), axis=-1, epsilon=net.eps)

    def rotate(x):
        a, b = cut(x, half, half)
        swapped = node("Concat", b, a, axis=-1)
        turned = node("Mul", swapped, constant(net.sin[p]))
        return node("Add", node("Mul", x, constant(net.cos[p])), turned)

    x = node("Gather", constant(net.embed), "rows")
    x = node("ReduceSum", x, constant([0], "i8"), keepdims=1)
    caches = {}
    for i, layer in enumerate(net.layers):
        film = lambda x, n: node("Add", rms(x, layer["norms"][n][0][slot]),
                                 constant(layer["norms"][n][1][slot]))
        qk, v = cut(linear(film(x, 0), layer["qkv"]), net.d + d_kv, d_kv)
        qk = rotate(shape(qk, -1, net.hd))
        n_heads = net.kv * net.group
        q, k = node("Split", qk, constant([n_heads, net.kv], "i8"), n=2, axis=0)
        q = shape(node("Mul", q, constant(net.hd ** -0.5)), net.kv, net.group, net.hd)
        k, v = shape(k, net.kv, net.hd, 1), shape(v, net.kv, 1, net.hd)
        outputs += [k, v]
        # Keys lie as the product reads them; scores are joined, not the caches.
        caches[f"keys{i}"] = net.keys[i, :, :p].transpose(0, 2, 1)
        caches[f"values{i}"] = net.values[i, :, :p]
        scores = node("Concat", node("MatMul", q, f"keys{i}"), node("MatMul", q, k), axis=-1)
        old, new = cut(node("Softmax", scores, axis=-1), p, 1)
        out = node("Add", node("MatMul", old, f"values{i}"), node("MatMul", new, v))
        x = node("Add", x, linear(shape(out, 1, net.d), layer["o"]))
        gate, up = cut(linear(film(x, 1), layer["gate_up"]), net.ff, net.ff)
        x = node("Add", x, linear(node("Mul", silu(gate), up), layer["down"]))
    h = rms(x, net.norm)
    parts = cut(linear(h, net.proj), *[add.shape[0] for add in net.adds])
    u = [silu(node("Add", part, constant(add))) for part, add in zip(parts, net.adds)]
    heads = {**net.heads, "expr": tuple(np.concatenate([a, b]) for a, b in
                                        zip(net.heads["vel"], net.heads["micro"]))}
    logits = [node("Add", linear(x, heads[n][0]), constant(heads[n][1]))
              for n, x in {"chord": h, "pos": h, "sym": u[0], "dur": u[1], "expr": u[2]}.items()]

    value = lambda name, dims, kind=TensorProto.FLOAT: helper.make_tensor_value_info(name, kind, dims)
    inputs = [value("rows", [len(net.offsets)], TensorProto.INT64)]
    inputs += [value(name, list(cache.shape)) for name, cache in caches.items()]
    graph = helper.make_graph(nodes, "step", inputs,
                              [value(name, None) for name in logits + outputs], constants)
    opset = [helper.make_opsetid("", 17)]
    model = helper.make_model(graph, opset_imports=opset, ir_version=8)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    session = onnxruntime.InferenceSession(model.SerializeToString(), options,
                                           providers=["CPUExecutionProvider"])
    binding = session.io_binding()
    kept = {"rows": net.rows(net.last).astype("i8"), **caches}
    for name, array in kept.items():
        kept[name] = onnxruntime.OrtValue.ortvalue_from_numpy(np.ascontiguousarray(array))
        binding.bind_ortvalue_input(name, kept[name])
    # The first run says how large each output is; later ones write to the same memory.
    for name in logits + outputs:
        binding.bind_output(name)
    session.run_with_iobinding(binding)
    for name, found in zip(logits + outputs, binding.get_outputs()):
        kept[name] = found
        binding.bind_ortvalue_output(name, found)
    step = lambda: session.run_with_iobinding(binding)

    def found():
        step()
        return np.concatenate([kept[name].numpy()[0] for name in logits])

    return onnxruntime.__version__, step, found


def main():
    task = json.loads(sys.stdin.readline())
    net = Net(task)
    expected = np.array(task["logits"], "f4")
    steps, report = {}, {}
    for name, make in (("onnxruntime", in_onnxruntime), ("pytorch", in_torch)):
        try:
            version, steps[name], found = make(net)
        except ImportError as error:
            report[name] = {"missing": str(error)}
            continue
        apart = max(np.abs(logits - expected).max() for logits in (found(), net.logits))
        report[name] = {"version": version, "apart": float(apart / np.abs(expected).max())}
    print(json.dumps(report), flush=True)
    for line in sys.stdin:
        step, best = steps[line.strip()], float("inf")
        step()
        for _ in range(5):
            start = time.perf_counter()
            step()
            best = min(best, time.perf_counter() - start)
        print(best, flush=True)


main()
