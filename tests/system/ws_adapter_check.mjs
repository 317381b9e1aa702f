// ws_adapter.js as a page of the former product uses it, against the built server. Arguments: its file, the
// server's address, a token. Says on standard output what it hears, one line each; a line on standard
// input is an event to emit; the end of the input closes.

import readline from "node:readline";

const [file, address, token] = process.argv.slice(2);
await import(file);

const socket = globalThis.wsAdapter.connect(new URL("/ws", address).href, {
  open: (to) => new WebSocket(to, { headers: { Authorization: `Bearer ${token}` } }),
});
const say = (event) => (data) => console.log(JSON.stringify({ event, data }));
for (const event of ["connect", "disconnect", "status", "progress", "fileReceipt", "jobCancelled", "jobsCancelled", "pong"])
  socket.on(event, say(event));

const input = readline.createInterface({ input: process.stdin });
input.on("line", (event) => say("emitted")(socket.emit(event)));
input.on("close", () => socket.close());
