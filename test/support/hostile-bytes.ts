/** Bytes that no peer of ours sends, each over a connection of its own, at a Unix socket that speaks HTTP. */
import { closeSync, openSync } from 'node:fs';
import { connect } from 'node:net';
import { basename, dirname } from 'node:path';

const UPGRADE =
  'Host: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ';
const KEY = 'AAAAAAAAAAAAAAAAAAAAAA==';

const HOSTILE: readonly (string | Buffer)[] = [
  '\x16\x03\x01\x02\x00\x01\x00',
  Buffer.alloc(100_000, 0x41),
  Buffer.alloc(70_000, 0),
  Buffer.from(Array.from({ length: 4096 }, (_, i) => (i * 167 + 13) % 256)),
  'GET / HTT',
  'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\nabc',
  'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\nzzz\r\n',
  'CONNECT ../../etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n',
  'CONNECT [::1]:99999 HTTP/1.1\r\nHost: x\r\n\r\n',
  `GET /v1/worker/x HTTP/1.1\r\n${UPGRADE}${KEY}\r\n\r\n`,
  `GET /v1/session/../../control HTTP/1.1\r\nx-proof-user: root\r\n${UPGRADE}${KEY}\r\n\r\n`,
  `GET /v1/worker/x HTTP/1.1\r\nx-proof-worker: nobody\r\n${UPGRADE}${KEY}\r\n\r\n${'\xff'.repeat(500)}`,
  `GET /v1/worker/x HTTP/1.1\r\nx-proof-worker: nobody\r\n${UPGRADE}short\r\n\r\n`,
];

/** Settles when the server has closed each of them. @returns the first line of each answer, '' where there is none */
export async function sendHostileBytes(socketFile: string): Promise<string[]> {
  const fd = openSync(dirname(socketFile), 'r'); // the path may be longer than a socket's may be (unix(7))
  try {
    return await Promise.all(HOSTILE.map((bytes) => answerTo(bytes, `/proc/self/fd/${fd}/${basename(socketFile)}`)));
  } finally {
    closeSync(fd);
  }
}

function answerTo(bytes: string | Buffer, path: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(path);
    let said = '';
    socket.on('error', () => {}); // a reset is an answer too
    socket.on('data', (part: Buffer) => {
      said += part.toString('latin1');
    });
    socket.once('close', () => resolve(said.split('\r\n')[0]!));
    socket.end(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
  });
}
