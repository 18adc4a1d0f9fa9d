// Runs a peer to rest with its own defaults, from its own start, and writes where things are.
//
//   node settle.mjs PEER GRAPH.el OUT.xy      PEER is d3-force or ngraph
import fs from "node:fs";
import { d3Simulation, ngraphLayout } from "./peers.mjs";

// ngraph may never find rest.
const MOST_STEPS = 500;

const [, , peer, input, output] = process.argv;
const [first, ...rest] = fs.readFileSync(input, "utf8").trim().split("\n");
const n = +first.split(" ")[0];
const edges = rest.map((line) => line.split(" ").map(Number));

const settle = {
  "d3-force"() {
    const simulation = d3Simulation(n, edges);
    let ticks = 0;
    for (; simulation.alpha() > simulation.alphaMin(); ticks++) simulation.tick();
    return { ticks, places: simulation.nodes().map(({ x, y }) => [x, y]) };
  },

  ngraph() {
    const layout = ngraphLayout(n, edges);
    let ticks = 0;
    for (; ticks < MOST_STEPS; ticks++) if (layout.step()) break;
    const place = (i) => {
      const { x, y } = layout.getNodePosition(i);
      return [x, y];
    };
    return { ticks, places: Array.from({ length: n }, (_, i) => place(i)) };
  },
}[peer];
if (!settle) {
  console.error(`peer: d3-force or ngraph, not ${peer}`);
  process.exit(2);
}

const began = process.hrtime.bigint();
const { ticks, places } = settle();
const seconds = Number(process.hrtime.bigint() - began) / 1e9;
fs.writeFileSync(output, places.map(([x, y], i) => `${i} ${x} ${y}`).join("\n") + "\n");
console.log(JSON.stringify({ peer, n, m: edges.length, ticks, seconds: +seconds.toFixed(3) }));
