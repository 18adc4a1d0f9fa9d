// The peers, each as people use it: a graph and start positions in, a function out that runs so many ticks.
import * as d3 from "d3-force";
import createGraph from "ngraph.graph";
import createLayout from "ngraph.forcelayout";
import Graph from "graphology";
import forceAtlas2 from "graphology-layout-forceatlas2";

// Nodes with their places, or where d3 puts them itself.
export function d3Simulation(n, edges, places) {
  const nodes = Array.from({ length: n }, (_, index) =>
    places ? { index, x: places[index][0], y: places[index][1] } : { index });
  const links = edges.map(([source, target]) => ({ source, target }));
  return d3.forceSimulation(nodes)
    .force("charge", d3.forceManyBody())
    .force("link", d3.forceLink(links))
    .force("x", d3.forceX())
    .force("y", d3.forceY())
    .stop();
}

// The same for ngraph.forcelayout.
export function ngraphLayout(n, edges, places) {
  const graph = createGraph();
  for (let i = 0; i < n; i++) graph.addNode(i);
  for (const [a, b] of edges) graph.addLink(a, b);
  const layout = createLayout(graph, { dimensions: 2 });
  places?.forEach(([x, y], i) => layout.setNodePosition(i, x, y));
  return layout;
}

export const peers = {
  // Kept at full heat, so that every tick is like the first.
  "d3-force"({ n, edges }, places) {
    const simulation = d3Simulation(n, edges, places).alphaDecay(0);
    return (ticks) => {
      for (let i = 0; i < ticks; i++) simulation.tick();
    };
  },

  ngraph({ n, edges }, places) {
    const layout = ngraphLayout(n, edges, places);
    return (ticks) => {
      for (let i = 0; i < ticks; i++) layout.step();
    };
  },

  // It copies the graph into arrays for each call, so the more ticks in a call the better for it.
  "graphology-fa2"({ n, edges }, places) {
    const graph = new Graph({ multi: true });
    places.forEach(([x, y], i) => graph.addNode(i, { x, y }));
    for (const [a, b] of edges) graph.addEdge(a, b);
    const settings = { ...forceAtlas2.inferSettings(graph), barnesHutOptimize: true };
    return (ticks) => forceAtlas2.assign(graph, { iterations: ticks, settings });
  },
};
