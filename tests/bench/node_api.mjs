// The same answers from Node.js and better-sqlite3: the newest 20 rows of a table as JSON, and a run
// that is started.
//
//   node node_api.mjs PORT DATABASE
import { spawn } from "node:child_process";
import http from "node:http";
import Database from "better-sqlite3";

const [port, path] = [Number(process.argv[2]), process.argv[3]];
const db = new Database(path);
db.pragma("journal_mode = WAL");
db.pragma("synchronous = FULL");
const select = db.prepare("SELECT * FROM runs ORDER BY run DESC LIMIT 20");
const insert = db.prepare("INSERT INTO started (job, at) VALUES (?, ?)");

function answer(response, status, value) {
  const body = JSON.stringify(value);
  response.writeHead(status, { "Content-Type": "application/json", "Content-Length": Buffer.byteLength(body) });
  response.end(body);
}

http
  .createServer((request, response) => {
    if (request.method === "GET") return answer(response, 200, { runs: select.all() });
    request.resume().on("end", () => {
      const run = Number(insert.run("job", Date.now()).lastInsertRowid);
      spawn("true").on("exit", () => answer(response, 202, { run }));
    });
  })
  .listen(port, "127.0.0.1");
