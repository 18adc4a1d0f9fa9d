// Deterministic test graphs, shared by every peer and by what is under test.
//
//   node graphs.mjs KIND N OUT.el      an edge list: "n m" first, then "a b" a line
import fs from "node:fs";

// Numbers in [0, 1) of 31 bits each, the same in every language with 64-bit integers.
export function lcg(seed) {
  let state = BigInt(seed);
  return () => {
    state = (state * 6364136223846793005n + 1442695040888963407n) & ((1n << 64n) - 1n);
    return Number(state >> 33n) / 2 ** 31;
  };
}

// Scale-free: each node is joined to k before it, mostly to those that have many already.
export function ba(n, k = 2, seed = 1) {
  const random = lcg(seed);
  const edges = [];
  const ends = [0];
  for (let v = 1; v < n; v++) {
    const targets = new Set();
    while (targets.size < Math.min(k, v)) {
      targets.add(random() < 0.9 ? ends[Math.floor(random() * ends.length)] : Math.floor(random() * v));
    }
    for (const u of targets) {
      edges.push([v, u]);
      ends.push(u, v);
    }
  }
  return { n, edges };
}

// A square, of at most n nodes.
export function grid(n) {
  const width = Math.floor(Math.sqrt(n));
  const edges = [];
  for (let y = 0; y < width; y++) {
    for (let x = 0; x < width; x++) {
      if (x + 1 < width) edges.push([y * width + x, y * width + x + 1]);
      if (y + 1 < width) edges.push([y * width + x, y * width + x + width]);
    }
  }
  return { n: width * width, edges };
}

// Systems of pipelines: hubs in a ring; from a hub goes a chain of 4 to 12 stages, and every second one ends in a hub.
export function pipelines(n, seed = 7) {
  const random = lcg(seed);
  const edges = [];
  const hubs = Math.max(3, Math.floor(Math.sqrt(n) / 2));
  for (let hub = 0; hub < hubs; hub++) edges.push([hub, (hub + 1) % hubs]);
  let v = hubs;
  while (v < n) {
    let previous = Math.floor(random() * hubs);
    const length = 4 + Math.floor(random() * 9);
    for (let i = 0; i < length && v < n; i++, v++) {
      edges.push([previous, v]);
      previous = v;
    }
    if (random() < 0.5) edges.push([previous, Math.floor(random() * hubs)]);
  }
  return { n, edges };
}

export const kinds = { ba, grid, pipelines };

// Where nodes start: anywhere in a square of 30 by 30 for each of them.
export function starts(n) {
  const random = lcg(99);
  const side = Math.sqrt(n) * 30;
  return Array.from({ length: n }, () => [random() * side, random() * side]);
}

if (process.argv[1].endsWith("graphs.mjs")) {
  const [, , kind, n, out] = process.argv;
  const { n: nodes, edges } = kinds[kind](+n);
  fs.writeFileSync(out, `${nodes} ${edges.length}\n` + edges.map((edge) => edge.join(" ")).join("\n") + "\n");
}
