/** The client in front of a ProxyServer of a later release, whose jobs, pilots, queries… are in states that this one does not know: shown as they are. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { type Ran, run } from '../support/cluster.js';

const NOW = 1_795_959_853_436;
const job = {
  ...{ jobId: 7, masterId: null, isMaster: false, mergeOf: null, user: 'ada', name: 'sim', state: 'HIBERNATING' },
  ...{ isSuspended: false, price: 1, cores: 1, site: 'A', host: 'n1', agentId: null, run: 1, submittedAt: NOW },
  ...{ startedAt: NOW, endedAt: null, exitCode: null, cpuSeconds: 1, wallSeconds: 2, memoryBytes: 0, cost: 0 },
  ...{ resubmissions: 0, why: null, isGreen: true },
};
const ended = { ...job, jobId: 8, state: 'EVAPORATED', endedAt: NOW };
const ANSWERS: Record<string, unknown> = {
  '/v1/jobs': [job, ended, { ...job, jobId: 9, state: 'DONE', endedAt: NOW }],
  '/v1/jobs/8': { ...ended, jdl: '' },
  '/v1/jobs/8/trace': [{ line: 1, at: NOW, tag: 'state', text: 'EVAPORATED' }],
  '/v1/jobs/8/files': [],
  '/v1/pilots': [
    {
      ...{ pilotId: 'p1', site: 'A', state: 'levitating', batchId: null, agentId: null, host: null, cores: null },
      ...{ workers: 0, submittedAt: NOW, registeredAt: null, endedAt: null, wallTimeEnd: null, why: null },
      isolation: { by: 'landlock', network: 'none', why: null },
    },
  ],
  '/v1/queries': [
    {
      ...{ query: 's:q1', title: 't', state: 'paused', submittedAt: NOW, endedAt: null, user: 'ada', sessionId: 's' },
      entries: { total: null, done: 0, failed: 0, missing: null },
    },
  ],
  '/v1/results': { kept: 0, bytes: 0, maxQueries: 1, maxBytes: 1, warning: null },
  '/v1/sites': [
    {
      ...{ name: 'A', type: 'cloud', min: 0, max: 1, pilots: { levitating: 3, idle: 2 }, lastDecision: '' },
      ...{ workers: { warm: 0, attached: 0 }, backOffUntil: null, banned: null },
    },
  ],
  '/v1/sessions': [
    {
      ...{ sessionId: 's', user: 'ada', title: '', state: 'dreaming', workers: 0, clients: 0, startedAt: NOW },
      endedAt: null,
    },
  ],
};

describe('a ProxyServer of a later release', () => {
  let server: Server;
  const asked: string[] = [];
  before(async () => {
    server = createServer((request, response) => {
      asked.push(request.url!);
      const answer = ANSWERS[request.url!.split('?')[0]!];
      response.writeHead(answer === undefined ? 404 : 200, { 'content-type': 'application/json' });
      response.end(JSON.stringify(answer ?? { code: 'PROXY_NO_SUCH', message: 'Nothing is there.' }));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  after(() => server.close());

  const ask = (...words: string[]): Promise<Ran> => {
    const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    return run([...words, '--host', host], { env: { PROOF_CONFIG: '', XDG_CONFIG_HOME: '/nowhere' } });
  };
  const proof = async (...words: string[]): Promise<Ran> => {
    const ran = await ask(...words);
    expect([ran.status, ran.stderr], words.join(' ')).to.deep.equal([0, '']);
    return ran;
  };

  it('has jobs in states of its own: none of them is left out, nor any that is over shown as if it were not', async () => {
    expect((await proof('ps')).stdout)
      .to.match(/^ada +7 +1 +HIBERNATING +sim$/m)
      .and.not.to.match(/^ada +[89] /m);
    expect((await proof('ps', '-A')).stdout).to.match(/^ada +8 +1 +EVAPORATED +sim$/m);
    const { exceptStates, states } = JSON.parse(new URL(asked[0]!, 'http://x').searchParams.get('select')!);
    expect(states).to.equal(undefined);
    expect(exceptStates).to.include('DONE');
    const listed = JSON.parse((await proof('ps', '-A', '--json')).stdout) as { state: string }[];
    expect(listed.map(({ state }) => state)).to.deep.equal(['HIBERNATING', 'EVAPORATED', 'DONE']);
  });

  it('has a job that is followed until it is over, whatever that is called: it is not DONE', async () => {
    const ran = await ask('trace', '8', '--follow');
    expect(ran.stdout).to.match(/EVAPORATED\n$/);
    expect([ran.status, ran.stderr]).to.deep.equal([1, '']);
  });

  it('has pilots, sites, queries and sessions that are listed', async () => {
    expect((await proof('pilots')).stdout).to.match(/^p1 +A +levitating .* landlock, no network /m);
    expect((await proof('sites')).stdout).to.match(/^A +cloud +0 +1 +0 +2 /m);
    expect((await proof('queries')).stdout).to.match(/^s:q1 +ada +paused /m);
    expect((await proof('sessions')).stdout).to.match(/^s +ada +dreaming /m);
  });
});
