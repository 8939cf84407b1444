/** A peer that speaks JSON frames and keeps what it hears. */
import { once } from 'node:events';
import { WebSocket } from 'ws';

export type Frame = Record<string, unknown> & { type: string };

export class RawPeer {
  readonly heard: Frame[] = [];
  readonly socket: WebSocket;
  #look: () => void = () => {};

  private constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on('message', (data) => {
      this.heard.push(JSON.parse(String(data)) as Frame);
      this.#look();
    });
  }
  static async dial(url: string, headers: Record<string, string> = {}): Promise<RawPeer> {
    const socket = new WebSocket(url, { headers, perMessageDeflate: false });
    const peer = new RawPeer(socket);
    await once(socket, 'open');
    return peer;
  }
  say(frame: Frame): void {
    this.socket.send(JSON.stringify(frame));
  }
  async hear(type: string): Promise<Frame> {
    for (;;) {
      const found = this.heard.find((frame) => frame.type === type);
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => {
        this.#look = resolve;
      });
    }
  }
}
