// A peer that waits to be asked: a line with a number of ticks in, "ok SECONDS" out.
//
//   node ticks.mjs PEER KIND N
//
// `./bench layout` asks it in turn with others.
import readline from "node:readline";
import { undisturbed } from "./clock.mjs";
import { kinds, starts } from "./graphs.mjs";
import { peers } from "./peers.mjs";

const [, , peer, kind, n] = process.argv;
const graph = kinds[kind](+n);
const tick = peers[peer](graph, starts(graph.n));
console.log("ok 0");
for await (const line of readline.createInterface({ input: process.stdin })) {
  console.log(`ok ${undisturbed(() => tick(+line))}`);
}
