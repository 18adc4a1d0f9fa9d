#!/usr/bin/env python3
"""quality.py GRAPH.el LAYOUT.xy [PIVOTS]  ->  one JSON line on how good a layout is.

GRAPH.el  first line "n m", then one "a b" a line (0-based).
LAYOUT.xy one "id x y" a line.
stress    normalised stress over PIVOTS (default 200) BFS sources, weights d^-2, at the scale that
          minimises it; lower is better (0 = every drawn distance equals its graph distance).
np1       neighbourhood preservation: mean over sampled nodes of |k nearest in the picture ∩ neighbours| / k,
          k = degree; higher is better.
edge_cv   coefficient of variation of edge lengths; lower is more even.
Needs: numpy, scipy, igraph.
"""
import json
import sys

import igraph as ig
import numpy as np
from scipy.spatial import cKDTree


def read(graph, layout):
    with open(graph) as f:
        n, _ = map(int, f.readline().split())
        edges = np.loadtxt(f, dtype=int, ndmin=2)
    xy = np.full((n, 2), np.nan)
    for line in open(layout):
        i, x, y = line.split()[:3]
        xy[int(i)] = float(x), float(y)
    if not np.isfinite(xy).all():
        sys.exit("layout: missing or non-finite positions")
    return n, edges, xy


def stress_over(g, xy, pivots):
    d = np.array(g.distances(source=pivots.tolist()), dtype=float)
    r = np.linalg.norm(xy[pivots][:, None, :] - xy[None, :, :], axis=2)
    ok = np.isfinite(d) & (d > 0)
    w = np.where(ok, 1 / np.where(ok, d, 1) ** 2, 0)
    d0 = np.where(ok, d, 0)
    scale = (w * r * d0).sum() / (w * r * r).sum()
    return (w * (scale * r - d0) ** 2).sum() / ok.sum()


def neighbours_kept(g, xy, rng):
    tree = cKDTree(xy)
    degree = np.array(g.degree())
    some = np.flatnonzero(degree > 0)
    samples = rng.choice(some, size=min(len(some), 2000), replace=False)
    adjacent = g.get_adjlist()

    def share(v):
        nearest = set(tree.query(xy[v], k=degree[v] + 1)[1].tolist())
        return len(nearest & set(adjacent[v])) / degree[v]

    return np.mean([share(v) for v in samples])


def main():
    n, edges, xy = read(sys.argv[1], sys.argv[2])
    g = ig.Graph(n=n, edges=edges.tolist())
    rng = np.random.default_rng(1)
    most = int(sys.argv[3]) if len(sys.argv) > 3 else 200
    stress = stress_over(g, xy, rng.choice(n, size=min(n, most), replace=False))
    np1 = neighbours_kept(g, xy, rng)
    lengths = np.linalg.norm(xy[edges[:, 0]] - xy[edges[:, 1]], axis=1)
    print(
        json.dumps(
            {
                "n": n,
                "m": int(len(edges)),
                "stress": round(float(stress), 5),
                "np1": round(float(np1), 4),
                "edge_cv": round(float(lengths.std() / lengths.mean()), 4),
            }
        )
    )


main()
