// Node's workerpool with one child process: WORKLOAD ARGUMENTS..., see baselines.hpp.
let workerpool;
try {
  workerpool = require("workerpool");
} catch {
  console.log("unavailable workerpool is not installed (npm install workerpool, in this directory)");
  process.exit(0);
}

const square = (x) => x * x;
const now = () => Number(process.hrtime.bigint()) / 1000;

async function roundtrip(pool, count) {
  const times = [];
  for (let i = 0; i < count; i++) {
    const start = now();
    await pool.exec(square, [i]);
    times.push(now() - start);
  }
  times.sort((a, b) => a - b);
  const many = count >= 1000;
  for (const [name, part] of [["p50", 0.5], ["p99", 0.99], many ? ["p99.9", 0.999] : ["longest", 1]])
    console.log(name, times[Math.min(Math.floor(part * count), count - 1)], "us");
}

async function tasks(pool, count, window) {
  const start = now();
  let sent = 0;
  const chain = async () => {
    while (sent < count) await pool.exec(square, [sent++]);
  };
  await Promise.all(Array.from({ length: window }, chain));
  console.log("rate", (count / (now() - start)) * 1e6, "tasks/s");
}

(async () => {
  const [name, ...numbers] = process.argv.slice(1).filter((word) => word !== "--");
  const pool = workerpool.pool({ minWorkers: 1, maxWorkers: 1, workerType: "process" });
  await pool.exec(square, [1]);
  await { roundtrip, tasks }[name](pool, ...numbers.map(Number));
  await pool.terminate();
})();
