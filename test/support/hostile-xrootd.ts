/** An XRootD server by script, on a real socket: well-behaved where the test says nothing, and as bad as it says elsewhere. */

import type { AddressInfo } from 'node:net';
import { createServer, type Server, type Socket } from 'node:net';

export interface SeenRequest {
  readonly streamId: number;
  readonly id: number;
  /** Sixteen bytes. */
  readonly parameters: Buffer;
  readonly data: Buffer;
}

export const ID = {
  protocol: 3006,
  login: 3007,
  auth: 3000,
  open: 3010,
  read: 3013,
  readv: 3025,
  pgread: 3030,
  dirlist: 3004,
} as const;

/** A frame with a true header; `claimed` lies about its length. */
export function frame(streamId: number, status: number, body: Buffer, claimed = body.length): Buffer {
  const header = Buffer.alloc(8);
  header.writeUInt16BE(streamId, 0);
  header.writeUInt16BE(status, 2);
  header.writeInt32BE(claimed, 4);
  return Buffer.concat([header, body]);
}

/** undefined: the well-behaved answer; null: silence. */
export type Script = (request: SeenRequest) => Buffer | null | undefined;

export class HostileXrootd {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #file: Buffer;
  script: Script = () => undefined;
  /** Cuts each connection after so many bytes of answers. */
  cutAfter = Number.POSITIVE_INFINITY;
  /** Said at once to whoever connects. */
  welcome: Buffer = Buffer.alloc(0);
  /** Bytes answered on the connection that was opened last. */
  answered = 0;

  private constructor(file: Buffer) {
    this.#file = file;
    this.#server = createServer((socket) => this.#serve(socket));
  }

  /** @param file what every path holds */
  static async start(file: Buffer): Promise<HostileXrootd> {
    const server = new HostileXrootd(file);
    await new Promise<void>((resolve) => server.#server.listen(0, '127.0.0.1', resolve));
    return server;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }
  get url(): string {
    return `root://127.0.0.1:${this.port}//file`;
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket));
    socket.on('error', () => {});
    if (this.welcome.length > 0) socket.write(this.welcome);
    this.answered = 0;
    let input = Buffer.alloc(0);
    let greeted = false;
    socket.on('data', (chunk) => {
      input = Buffer.concat([input, chunk]);
      if (!greeted && input.length >= 20) {
        greeted = true;
        input = input.subarray(20);
        const greeting = Buffer.from([0, 0, 5, 0x11, 0, 0, 0, 1]);
        this.#send(
          socket,
          this.script({ streamId: 0, id: 0, parameters: greeting, data: greeting }),
          frame(0, 0, greeting),
        );
      }
      while (greeted && input.length >= 24) {
        const length = input.readInt32BE(20);
        if (input.length < 24 + length) return;
        const request = {
          streamId: input.readUInt16BE(0),
          id: input.readUInt16BE(2),
          parameters: Buffer.from(input.subarray(4, 20)),
          data: Buffer.from(input.subarray(24, 24 + length)),
        };
        input = input.subarray(24 + length);
        this.#send(socket, this.script(request), frame(request.streamId, 0, this.#goodAnswer(request)));
      }
    });
  }

  #send(socket: Socket, scripted: Buffer | null | undefined, usual: Buffer): void {
    if (scripted === null) return;
    const bytes = scripted ?? usual;
    const rest = this.cutAfter - this.answered;
    this.answered += bytes.length;
    if (bytes.length < rest) socket.write(bytes);
    else socket.end(bytes.subarray(0, rest));
  }

  #goodAnswer({ id, parameters, data }: SeenRequest): Buffer {
    const file = this.#file;
    switch (id) {
      case ID.protocol:
        return Buffer.from([0, 0, 5, 0x11, 0, 0x20, 0, 1]);
      case ID.login:
        return Buffer.alloc(16, 7);
      case ID.open:
        return Buffer.concat([
          Buffer.from([1, 2, 3, 4, 0, 0, 0, 0, 0, 0, 0, 0]),
          Buffer.from(`1 ${file.length} 16 0\0`),
        ]);
      case ID.read: {
        const offset = Number(parameters.readBigInt64BE(4));
        return file.subarray(offset, offset + parameters.readInt32BE(12));
      }
      case ID.readv: {
        const parts: Buffer[] = [];
        for (let at = 0; at < data.length; at += 16) {
          const offset = Number(data.readBigInt64BE(at + 8));
          parts.push(data.subarray(at, at + 16), file.subarray(offset, offset + data.readInt32BE(at + 4)));
        }
        return Buffer.concat(parts);
      }
      case ID.dirlist:
        return Buffer.from('.\n0 0 0 0\na.root\n1 5 16 0\0');
      default:
        return Buffer.alloc(0);
    }
  }
}
