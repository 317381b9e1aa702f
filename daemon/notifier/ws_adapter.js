// The events of the former product for its pages: connect, on and emit over the plain WebSocket /ws.
//
//   const socket = wsAdapter.connect();
//   socket.on("progress", ({ jobId, phase, percent, etaMs }) => ...);
//   socket.emit("request_status");
//
// Events: connect, disconnect, and the types of docs/API.md: status, progress, fileReceipt, jobCancelled,
// jobsCancelled, pong. A lost connection is made again, later and later up to half a minute.
(function (global) {
  "use strict";

  const firstDelayMs = 500;
  const mostDelayMs = 30000;

  function addressOf(url) {
    const address = new URL(url || "/ws", global.location ? global.location.href : undefined);
    if (address.protocol === "http:") address.protocol = "ws:";
    if (address.protocol === "https:") address.protocol = "wss:";
    address.hash = "";
    return address.href;
  }

  // options.open(address) makes the WebSocket, where the one of the browser does not do.
  function connect(url, options) {
    const address = addressOf(url);
    const open = (options && options.open) || ((to) => new global.WebSocket(to));
    const handlers = new Map();
    let socket = null;
    let failures = 0;
    let timer = 0;
    let closed = false;

    function tell(event, data) {
      for (const handler of [...(handlers.get(event) || [])]) handler(data);
    }

    function hear(text) {
      let message = null;
      try {
        message = JSON.parse(text);
      } catch {
        return;
      }
      if (!message || typeof message.type !== "string") return;
      if (message.type === "ping") adapter.emit("pong");
      else tell(message.type, message);
    }

    function begin() {
      const mine = open(address);
      socket = mine;
      mine.onopen = () => {
        failures = 0;
        tell("connect");
      };
      mine.onmessage = (event) => hear(event.data);
      mine.onerror = () => {}; // a close follows
      mine.onclose = () => {
        if (socket !== mine) return;
        socket = null;
        tell("disconnect");
        if (closed) return;
        const delay = Math.min(mostDelayMs, firstDelayMs * 2 ** failures);
        failures += 1;
        timer = setTimeout(begin, delay * (0.75 + Math.random() / 2));
      };
    }

    const adapter = {
      get connected() {
        return socket !== null && socket.readyState === 1;
      },
      on(event, handler) {
        if (!handlers.has(event)) handlers.set(event, new Set());
        handlers.get(event).add(handler);
        return adapter;
      },
      off(event, handler) {
        const known = handlers.get(event);
        if (known) known.delete(handler);
        return adapter;
      },
      // False: there is no connection now, and nothing is kept for later.
      emit(event, data) {
        if (!adapter.connected) return false;
        socket.send(JSON.stringify({ ...data, type: event }));
        return true;
      },
      close() {
        closed = true;
        clearTimeout(timer);
        if (socket) socket.close();
      },
    };
    begin();
    return adapter;
  }

  global.wsAdapter = { connect };
})(globalThis);
