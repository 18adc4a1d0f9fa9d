// Milliseconds a tick of each peer on one thread: the same graph, the same start positions.
//
//   node run.mjs KIND N TICKS
import { kinds, starts } from "./graphs.mjs";
import { peers } from "./peers.mjs";

const [, , kind, n, wanted] = process.argv;
const graph = kinds[kind](+n);
const places = starts(graph.n);

// What a call of the peer does, how often before it is timed, and how often then.
const plan = (name, ticks) =>
  name === "graphology-fa2"
    ? { each: 5, warm: 1, calls: Math.max(1, Math.floor(ticks / 5)) }
    : { each: 1, warm: 3, calls: ticks };

for (const [name, make] of Object.entries(peers)) {
  const tick = make(graph, places);
  const { each, warm, calls } = plan(name, +wanted);
  for (let i = 0; i < warm; i++) tick(each);
  const began = process.hrtime.bigint();
  for (let i = 0; i < calls; i++) tick(each);
  const ms = Number(process.hrtime.bigint() - began) / 1e6 / (calls * each);
  console.log(JSON.stringify({ peer: name, kind, n: graph.n, m: graph.edges.length, ms_per_tick: +ms.toFixed(3) }));
}
