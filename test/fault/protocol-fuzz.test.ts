/** Frames of every link, damaged byte by byte: a message that its schema knows, or a WireError, and nothing else. */
import { expect } from 'chai';
import type { z } from 'zod';
import { agentMessage, toAgentMessage } from '../../protocol/agent-messages.js';
import { checked, WireError } from '../../protocol/check.js';
import { masterMessage, toMasterMessage } from '../../protocol/control-messages.js';
import { decodeFrame, encodeFrame } from '../../protocol/frame.js';
import { clientMessage, toClientMessage } from '../../protocol/session-messages.js';
import { toWorkerMessage, workerMessage } from '../../protocol/worker-messages.js';
import { testNode } from '../support/nodes.js';
import { seededRandom } from '../support/seeded-random.js';

const increment = new Uint8Array([1, 2, 3, 250, 251]);
const packet = { packetId: 1, attempt: 1, entries: 10, bytes: 5, wallMs: 1.5, cpuMs: 2 };
const file = { position: 0, name: 'f', urls: ['file:///f.root'], tree: null };
const entries = { total: 10, done: 1, failed: 0, missing: 0 };

/** Link -> its schema and frames that it knows. */
const LINKS: Record<string, { schema: z.ZodType; frames: object[] }> = {
  'agent to ProxyServer': {
    schema: agentMessage,
    frames: [
      {
        type: 'hello',
        protocol: 1,
        newest: 2,
        version: '1',
        pilotId: null,
        agentId: null,
        secret: 's',
        pid: 1,
        node: testNode,
        workers: [],
      },
      { type: 'ticketWanted', workerId: 'w1' },
      { type: 'jobOutput', jobId: 1, run: 1, name: 'stdout', offset: 0, data: increment },
    ],
  },
  'ProxyServer to agent': {
    schema: toAgentMessage,
    frames: [
      { type: 'attach', workerId: 'w1', sessionId: 's1', ticket: 't' },
      { type: 'ticket', workerId: 'w1', ticket: 't' },
    ],
  },
  'worker to master': {
    schema: workerMessage,
    frames: [
      { type: 'hello', protocol: 1, newest: 2, workerId: 'w1', pid: 1, node: testNode },
      { type: 'commit', queryId: 'q1', commitId: 1, packets: [packet], increment },
    ],
  },
  'master to worker': {
    schema: toWorkerMessage,
    frames: [
      {
        type: 'packet',
        queryId: 'q1',
        packet: { ...packet, file, first: 0, end: 10, fileEntries: null, alone: false },
      },
      { type: 'program', sha256: 'a'.repeat(64), code: increment },
    ],
  },
  'client to master': {
    schema: clientMessage,
    frames: [
      { type: 'attach', queryId: 'q1', outputs: true },
      { type: 'program', sha256: 'a'.repeat(64), code: increment },
    ],
  },
  'master to client': {
    schema: toClientMessage,
    frames: [
      {
        type: 'progress',
        queryId: 'q1',
        state: 'running',
        entries,
        bytes: 1,
        elapsedMs: 1,
        entriesPerS: 1,
        bytesPerS: 1,
        leftMs: null,
        workers: 1,
      },
      { type: 'outputs', queryId: 'q1', state: increment },
    ],
  },
  'ProxyServer to master': {
    schema: toMasterMessage,
    frames: [
      { type: 'letGo', n: 1, why: 'w' },
      { type: 'notice', text: 't' },
    ],
  },
  'master to ProxyServer': {
    schema: masterMessage,
    frames: [
      {
        type: 'query',
        record: { query: 's:q1', title: 't', state: 'running', entries, submittedAt: 1, endedAt: null },
      },
    ],
  },
};

describe('fault: frames damaged byte by byte', () => {
  for (const [link, { schema, frames }] of Object.entries(LINKS))
    it(`${link}: a message, or a WireError`, () => {
      const random = seededRandom(4);
      for (const message of frames) {
        const frame = encodeFrame(message);
        const isBinary = typeof frame !== 'string';
        const whole = Buffer.from(frame);
        const read = (bytes: Buffer): 'message' | 'refused' => {
          try {
            checked(schema, decodeFrame(bytes, isBinary));
            return 'message';
          } catch (error) {
            expect(error, bytes.toString('hex')).to.be.instanceOf(WireError);
            return 'refused';
          }
        };
        expect(read(whole)).to.equal('message');
        for (let at = 0; at < whole.length; at++) {
          expect(read(whole.subarray(0, at)), `cut at ${at}`).to.equal('refused');
          for (const value of [0, 0xff, whole[at]! ^ (1 << Math.floor(random() * 8)), Math.floor(random() * 256)]) {
            const damaged = Buffer.from(whole);
            damaged[at] = value;
            read(damaged);
          }
          read(Buffer.concat([whole.subarray(0, at), Buffer.from([Math.floor(random() * 256)]), whole.subarray(at)]));
        }
      }
    });
});
