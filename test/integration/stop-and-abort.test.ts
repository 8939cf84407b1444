/** `proof stop`, `proof abort` and the other requests without a body, from another process and at the prompt, while a query runs. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import type { QueryInfo } from '../../protocol/api.js';
import { writeDimuonFile } from '../../rootio/write/dimuon-dataset.js';
import { type Cluster, startCluster } from '../support/cluster.js';
import { Gate } from '../support/gate.js';
import { slowCounter } from '../support/programs.js';

/** More than a minute's. */
const ENTRIES = 40_000;

describe('a query that is told to end', () => {
  let cluster: Cluster;
  const file = (name: string): string => join(cluster.folder, name);
  before(async () => {
    cluster = await startCluster({ pilots: 1, embeddedCatalog: true });
    await writeDimuonFile(file('data.root'), { seed: 3, firstEvent: 0, events: ENTRIES, run: 1 });
    writeFileSync(file('slow.ts'), slowCounter(new Gate(file('gate'))));
  });
  after(() => cluster?.stop());

  const until = async (query: string, isSo: (info: QueryInfo) => boolean): Promise<QueryInfo> => {
    for (;;) {
      const all = JSON.parse((await cluster.proof('queries', '--json')).stdout) as QueryInfo[];
      const found = all.find((one) => one.query === query);
      if (found !== undefined && isSo(found)) return found;
    }
  };
  const begun = async (): Promise<string> => {
    await cluster.warm(1);
    const ran = await cluster.proof('run', '--host', 'here', file('slow.ts'), file('data.root'), '--async');
    expect(ran.status, ran.stderr).to.equal(0);
    const query = ran.stdout.trim();
    await until(query, ({ entries }) => entries.done > 0);
    return query;
  };

  it('by "proof stop" keeps what is merged, and by "proof remove" is gone', async () => {
    const query = await begun();
    const stopped = await cluster.proof('stop', 'q1');
    expect(stopped).to.deep.equal({ status: 0, stdout: `${query}: told to stop\n`, stderr: '' });
    await until(query, ({ state }) => state === 'stopped');
    const kept = await cluster.proof('retrieve', query, '--json', '-');
    expect(kept.status, kept.stderr).to.equal(3);
    const { outputs, entries, status } = JSON.parse(kept.stdout);
    expect(status).to.equal('stopped');
    expect(entries.done).to.be.greaterThan(0).and.lessThan(ENTRIES);
    expect(outputs[0].value).to.equal(entries.done);
    expect((await cluster.proof('remove', query)).status).to.equal(0);
    expect(JSON.parse((await cluster.proof('queries', '--json')).stdout)).to.deep.equal([]);
  });

  it('by "proof abort" is aborted', async () => {
    const query = await begun();
    const aborted = await cluster.proof('abort', query);
    expect(aborted).to.deep.equal({ status: 0, stdout: `${query}: told to abort\n`, stderr: '' });
    await until(query, ({ state }) => state === 'aborted');
  });

  it('at the prompt is stopped or aborted as well', async () => {
    await cluster.warm(1);
    const run = `run '${file('slow.ts')}' '${file('data.root')}' --async`;
    const lines = [run, 'stop q1', 'retrieve q1 --quiet --json -', run, 'abort q2', 'retrieve q2 --quiet --json -'];
    const said = await cluster.proofWith({ input: `${lines.join('\n')}\n` }, 'open', 'here');
    expect(said.stdout, said.stderr).to.match(/:q1: told to stop$/m);
    expect(said.stdout, said.stderr).to.match(/:q2: told to abort$/m);
    expect(said.stdout).to.match(/"status": ?"stopped"/);
    expect(said.stdout).to.match(/"status": ?"aborted"/);
  });

  it('takes the word of a client that calls no body a form, and refuses a form', async () => {
    const query = await begun();
    const post = (type: string, body?: string): Promise<Response> =>
      fetch(`${cluster.url}/v1/queries/${encodeURIComponent(query)}/abort`, {
        method: 'POST',
        headers: { 'content-type': type },
        ...(body === undefined ? {} : { body }),
      });
    expect((await post('application/x-www-form-urlencoded', 'a=1')).status).to.equal(415);
    expect((await post('application/x-www-form-urlencoded')).status).to.equal(200);
    await until(query, ({ state }) => state === 'aborted');
  });
});
