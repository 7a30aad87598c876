import { once } from 'node:events';
import { createServer } from 'node:net';
import { Turns } from './turns.mjs';

const [QUERY, SYNC, TERMINATE, READY] = ['Q', 'S', 'X', 'Z'].map((letter) => letter.charCodeAt(0));
// Asked before the first message proper; both are declined with a letter.
const SSL_REQUEST = 80877103;
const GSS_REQUEST = 80877104;

/**
 * Serves PGlite on a TCP port to programs that speak PostgreSQL.
 *
 * There is one session, so clients are served one after another, and each leaves it clean. A client
 * keeps its turn from the first message of a query until the answer is complete and no transaction
 * is open, so that a REST request never lands in its middle.
 */
export async function serveWire({ pglite, turns }, { host, port }) {
  const clients = new Turns();
  const sockets = new Set();
  const server = createServer((socket) => {
    sockets.add(socket.setNoDelay());
    // A client that goes away without a word is no error here.
    socket.on('error', () => {}).on('close', () => sockets.delete(socket));
    clients.run(() => converse(socket, pglite, turns));
  });
  server.listen(port, host);
  await once(server, 'listening');
  return {
    port: server.address().port,
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

async function converse(socket, pglite, turns) {
  let giveBack;
  try {
    for await (const message of messages(socket)) {
      giveBack ??= await turns.take();
      const answer = await pglite.runExclusive(() => pglite.execProtocolRaw(message));
      // Whoever asked would wait for the rest for ever.
      if (message[0] === QUERY && !isReady(answer)) throw new Error('PGlite lost a part of its answer; start it anew');
      socket.write(answer);
      if (endsCycle(message) && !pglite.isInTransaction()) giveBack = giveBack();
    }
  } catch (error) {
    if (!socket.destroyed) console.error(error);
  } finally {
    socket.destroy();
    giveBack ??= await turns.take();
    await pglite.exec('rollback');
    await pglite.exec('discard all');
    giveBack();
  }
}

/** Whether the client now waits for the session to be ready. The first message has no type. */
function endsCycle(message) {
  return message[0] === QUERY || message[0] === SYNC || message[0] === 0;
}

/** Whether an answer ends by saying that the session is ready: a letter, a length of 5, its state. */
function isReady(answer) {
  const end = Buffer.from(answer.subarray(-6));
  return end.length === 6 && end[0] === READY && end.readInt32BE(1) === 5;
}

/** The messages of one connection, from its start-up to its end. */
async function* messages(socket) {
  let buffer = Buffer.alloc(0);
  let started = false;
  for await (const chunk of socket) {
    buffer = Buffer.concat([buffer, chunk]);
    for (;;) {
      const type = started ? 1 : 0;
      if (buffer.length < type + 4) break;
      const length = type + buffer.readInt32BE(type);
      if (buffer.length < length) break;
      const message = buffer.subarray(0, length);
      buffer = buffer.subarray(length);
      if (started) {
        if (message[0] === TERMINATE) return;
        yield message;
        continue;
      }
      const request = message.readInt32BE(4);
      if (request === SSL_REQUEST || request === GSS_REQUEST) {
        socket.write('N');
      } else if (request >> 16 === 3) {
        started = true;
        yield message;
      } else {
        return;
      }
    }
  }
}
