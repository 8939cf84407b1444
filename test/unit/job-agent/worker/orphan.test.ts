import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import { expect } from 'chai';

describe('job-agent: a worker process', () => {
  it('ends with its agent, at whatever point of its start that dies', async () => {
    const ends = [0, 20, 40, 80, 160, 320].map(async (ms) => {
      const child = fork(join(import.meta.dirname, '../../../../warm/worker.js'), [], {
        stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      });
      const ended = once(child, 'exit');
      await after(ms); // the point is to be in the middle of something
      child.disconnect();
      return (await ended)[0] as number | null;
    });
    expect(await Promise.all(ends)).to.deep.equal([0, 0, 0, 0, 0, 0]);
  });
});
