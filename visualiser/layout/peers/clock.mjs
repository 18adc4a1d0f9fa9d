// Time without what other programs took: a machine that also builds something would be measured otherwise.
import fs from "node:fs";

// How long `work` took, in seconds, less those in which this thread wanted its processor while others had it, where the
// kernel tells.
export function undisturbed(work) {
  const [began, before] = [process.hrtime.bigint(), delayed()];
  work();
  const away = delayed() - before;
  return Number(process.hrtime.bigint() - began) / 1e9 - away;
}

// How long this process's first thread, which is the one that runs scripts, has been runnable and not run, in all.
function delayed() {
  try {
    return Number(fs.readFileSync("/proc/self/schedstat", "utf8").split(" ")[1]) / 1e9;
  } catch {
    return 0;
  }
}
