// How far d3-force's repulsion is from the sum that it approximates, and what it takes.
//
//   node error.mjs PLACES.xy THETA…      PLACES.xy has "id x y" a line; prints a JSON line for each THETA
//
// error   over at most 1000 nodes, evenly picked: sqrt(Σ|force − exact|² / Σ|exact|²)
// ms      the median of five, the tree included, after three that only warm the compiler up
import fs from "node:fs";
import * as d3 from "d3-force";
import { undisturbed } from "./clock.mjs";
import { lcg } from "./graphs.mjs";

const MOST_SAMPLES = 1000;
const [WARM, ROUNDS] = [3, 5];
// d3's defaults.
const STRENGTH = -30;
const DISTANCE_MIN_2 = 1;

const [, , input, ...thetas] = process.argv;
const nodes = fs.readFileSync(input, "utf8").trim().split("\n").map((line, index) => {
  const [, x, y] = line.split(" ").map(Number);
  return { index, x, y, vx: 0, vy: 0 };
});
const count = Math.min(MOST_SAMPLES, nodes.length);
const samples = Array.from({ length: count }, (_, i) => nodes[Math.floor((i * nodes.length) / count)]);

// What d3 computes when nothing is far: strength / distance² times the way, softened below the least distance.
function exact(node) {
  let [fx, fy] = [0, 0];
  for (const other of nodes) {
    if (other === node) continue;
    const [x, y] = [other.x - node.x, other.y - node.y];
    let square = x * x + y * y;
    if (square === 0) continue;
    if (square < DISTANCE_MIN_2) square = Math.sqrt(DISTANCE_MIN_2 * square);
    fx += (x * STRENGTH) / square;
    fy += (y * STRENGTH) / square;
  }
  return [fx, fy];
}

const truths = samples.map(exact);
for (const theta of thetas.map(Number)) {
  const force = d3.forceManyBody().theta(theta);
  force.initialize(nodes, lcg(1));
  const took = [];
  for (let round = 0; round < WARM + ROUNDS; round++) {
    for (const node of nodes) node.vx = node.vy = 0;
    const seconds = undisturbed(() => force(1));
    if (round >= WARM) took.push(seconds * 1e3);
  }
  took.sort((a, b) => a - b);
  let [off, all] = [0, 0];
  samples.forEach(({ vx, vy }, i) => {
    const [fx, fy] = truths[i];
    off += (vx - fx) ** 2 + (vy - fy) ** 2;
    all += fx ** 2 + fy ** 2;
  });
  console.log(JSON.stringify({ theta, error: Math.sqrt(off / all), ms: took[ROUNDS >> 1] }));
}
