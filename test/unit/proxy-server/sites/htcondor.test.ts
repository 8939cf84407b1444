/** HTCondor: shapes of the documented formats of its tools. No HTCondor was ever run. */
import { expect } from 'chai';
import { z } from 'zod';
import { Htcondor } from '../../../../proxy-server/sites/htcondor.js';
import { htcondorShape } from '../../../../proxy-server/sites/site-settings.js';
import { failureOf } from '../../../support/failure.js';
import { preparedPilot, RecordedHost } from '../../../support/recorded-host.js';

const settings = (more: object = {}) => z.object(htcondorShape).parse({ type: 'htcondor', ...more });
const ad = (proc: number, status: number, more: object = {}) => ({
  ClusterId: 7,
  ProcId: proc,
  JobStatus: status,
  ...more,
});

describe('proxy-server: site type htcondor', () => {
  it('submits a description on standard input, to a remote schedd where one is named', async () => {
    const host = new RecordedHost({ condor_submit: { stdout: '7.0 - 7.0\n' } });
    const more = {
      pool: 'ce.example.org:9619',
      schedd: 'ce.example.org',
      accountingGroup: 'g',
      description: { '+Queue': '"x"' },
    };
    const site = new Htcondor('S', settings(more), host);
    expect(await site.submit(preparedPilot(8))).to.equal('7.0');
    const [{ words, input } = { words: [], input: '' }] = host.asked;
    expect(words.join(' ')).to.equal('condor_submit -terse -pool ce.example.org:9619 -name ce.example.org -');
    expect(input).to.contain('\nrequest_cpus = 8\n').and.contain('\naccounting_group = g\n+Queue = "x"\nqueue 1\n');
    expect(`${words.join(' ')}${input}`).not.to.contain('s3cret');
    expect(host.files.get('/shared/pilots/p1.json')).to.contain('s3cret');
    await site.cancel(['7.0']);
    expect(host.files.size, 'removed with the pilot').to.equal(0);
  });

  it('asks condor_q for all, and condor_history for those that left the queue', async () => {
    const host = new RecordedHost({
      condor_q: { stdout: JSON.stringify([ad(0, 1), ad(1, 2), ad(2, 5, { HoldReason: 'via condor_hold' }), ad(3, 7)]) },
      condor_history: {
        stdout: JSON.stringify([
          ad(4, 4, { ExitCode: 10, ExitBySignal: false }),
          ad(5, 4, { ExitBySignal: true, ExitSignal: 9 }),
          ad(6, 3, { RemoveReason: 'via condor_rm' }),
        ]),
      },
    });
    const ids = Array.from({ length: 8 }, (_, i) => `7.${i}`);
    const found = await new Htcondor('S', settings(), host).status(ids);
    expect(host.asked.map(({ words }) => words[0])).to.deep.equal(['condor_q', 'condor_history']);
    expect(host.asked[1]?.words).to.include.members(['7.4', '7.7']).and.not.to.include('7.3');
    expect(Object.fromEntries(found)).to.deep.equal({
      '7.0': { state: 'queued', exitStatus: null, why: null },
      '7.1': { state: 'running', exitStatus: null, why: null },
      '7.2': { state: 'held', exitStatus: null, why: 'via condor_hold' },
      '7.3': { state: 'held', exitStatus: null, why: 'JobStatus 7' },
      '7.4': { state: 'ended', exitStatus: 10, why: null },
      '7.5': { state: 'ended', exitStatus: null, why: 'killed by signal 9' },
      '7.6': { state: 'ended', exitStatus: null, why: 'via condor_rm' },
    });
  });

  it('takes an empty answer for no job, and anything but a list of jobs for garbage', async () => {
    const site = (stdout: string) => new Htcondor('S', settings(), new RecordedHost({ condor_q: { stdout } }));
    expect((await site('').status(['7.0'])).size).to.equal(0);
    for (const stdout of ['-- Failed to fetch ads', '{}', '[{"ClusterId":"x"}]', '[{'])
      expect((await failureOf(site(stdout).status(['7.0']))).message).to.match(
        /^Site S: condor_q answered what no HTCondor says: /,
      );
  });
});
