// Jobs through BullMQ: added, run by a worker that does nothing, completion acknowledged.
//
//   node bullmq.mjs SOCKET IN_FLIGHT JOBS
import { Queue, Worker } from "bullmq";

const [path, inFlight, jobs] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4])];
const connection = { path, maxRetriesPerRequest: null };
const name = `bench${process.pid}`;
const queue = new Queue(name, { connection, defaultJobOptions: { removeOnComplete: true } });
const worker = new Worker(name, async () => null, { connection, concurrency: inFlight });
await Promise.all([queue.waitUntilReady(), worker.waitUntilReady()]);

const data = "x".repeat(200);
const batch = Math.min(100, inFlight);
let asked = 0;
let done = 0;
const add = (n) => {
  asked += n;
  return queue.addBulk(Array.from({ length: n }, () => ({ name: "run", data: { data } })));
};
const start = process.hrtime.bigint();
const all = new Promise((resolve) => {
  let owed = 0;
  worker.on("completed", () => {
    done += 1;
    owed += 1;
    if (done === jobs) return resolve();
    const more = Math.min(owed, jobs - asked);
    if (more >= batch || (more > 0 && asked + more === jobs)) {
      owed -= more;
      add(more);
    }
  });
});
for (let left = Math.min(inFlight, jobs); left > 0; left -= batch) await add(Math.min(batch, left));
await all;
const seconds = Number(process.hrtime.bigint() - start) / 1e9;
console.log(JSON.stringify({ rate: jobs / seconds }));
await worker.close();
await queue.close();
process.exit(0);
