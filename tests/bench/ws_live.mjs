// The same messages from `ws` or Socket.IO, at a steady rate, as soon as all clients are there.
//
//   node ws_live.mjs PORT ws|socketio RATE BYTES CLIENTS
import http from "node:http";

const [port, kind] = [Number(process.argv[2]), process.argv[3]];
const [rate, bytes, clients] = process.argv.slice(4).map(Number);
const server = http.createServer();

function message() {
  const head = { type: "progress", bytes_done: Number(process.hrtime.bigint() / 1000n), pad: "" };
  head.pad = "x".repeat(Math.max(0, bytes - JSON.stringify(head).length));
  return head;
}

async function teller() {
  if (kind === "ws") {
    const { WebSocketServer } = await import("ws");
    const sockets = new WebSocketServer({ server });
    const tell = () => {
      const text = JSON.stringify(message());
      for (const client of sockets.clients) client.send(text);
    };
    return { tell, count: () => sockets.clients.size };
  }
  const { Server } = await import("socket.io");
  const io = new Server(server, { transports: ["websocket"] });
  return { tell: () => io.emit("progress", message()), count: () => io.sockets.sockets.size };
}

const { tell, count } = await teller();
server.listen(port, "127.0.0.1");
let start;
let sent = 0;
setInterval(() => {
  if (!start && count() < clients) return;
  start ??= process.hrtime.bigint();
  for (const due = (Number(process.hrtime.bigint() - start) / 1e9) * rate; sent < due; sent += 1) tell();
}, 1);
