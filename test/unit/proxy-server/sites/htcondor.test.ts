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

/** As the tools print: one attribute a line, one job behind the other. */
const printed = (...jobs: object[]): string =>
  `[\n${jobs.map((job) => JSON.stringify(job, null, 2)).join('\n,\n')}\n]\n`;

describe('proxy-server: site type htcondor', () => {
  it('submits a description on standard input, the secret in a file of its own, which goes when the pilot is over', async () => {
    const host = new RecordedHost({ condor_submit: { stdout: '7.0 - 7.0\n' } });
    const site = new Htcondor('S', settings({ accountingGroup: 'g', description: { '+Queue': '"x"' } }), host);
    expect(await site.submit(preparedPilot(8))).to.equal('7.0');
    const [{ words, input } = { words: [], input: '' }] = host.asked;
    expect(words.join(' ')).to.equal('condor_submit -terse -');
    expect(input).to.contain('\nrequest_cpus = 8\n').and.contain('\naccounting_group = g\n+Queue = "x"\nqueue 1\n');
    expect(input).to.contain('\nstream_output = True\n').and.not.contain('leave_in_queue');
    expect(`${words.join(' ')}${input}`).not.to.contain('s3cret');
    expect(host.files.get('/shared/pilots/p1.json')).to.contain('s3cret');
    host.answers['condor_q'] = { stdout: JSON.stringify([ad(0, 2, { ProofPilot: 'p1' })]) };
    await site.status(['7.0']);
    expect([...host.files.keys()]).to.deep.equal(['/shared/pilots/p1.json', '/shared/pilots/p1.sh']);
    const restarted = new Htcondor('S', settings(), host);
    host.answers['condor_q'] = { stdout: '' };
    host.answers['condor_history'] = { stdout: JSON.stringify([ad(0, 4, { ExitCode: 0, ProofPilot: 'p1' })]) };
    await restarted.status(['7.0']);
    expect(host.files.size).to.equal(0);
  });

  it('spools to a schedd that is named, asks that one for everything, and has it bring what a pilot wrote', async () => {
    const host = new RecordedHost({ condor_submit: { stdout: '7.0 - 7.0\n' }, condor_q: { stdout: '[\n]\n' } });
    const ce = { pool: 'ce.example.org:9619', schedd: 'ce.example.org' };
    const site = new Htcondor('S', settings(ce), host);
    await site.submit(preparedPilot());
    expect(host.asked[0]?.words.join(' ')).to.equal(
      'condor_submit -terse -pool ce.example.org:9619 -name ce.example.org -spool -',
    );
    expect(host.asked[0]?.input)
      .to.match(/\nleave_in_queue = \(JobStatus == 4\) && .*3600\)\n/)
      .and.not.contain('stream_');
    expect(host.files.size, 'the schedd has them').to.equal(0);
    await site.status(['7.0']);
    await site.jobs();
    await site.bringLog('7.0');
    await site.cancel(['7.0']);
    await site.describe();
    const words = host.asked.slice(1).map((asked) => asked.words.join(' '));
    expect(words.every((line) => line.includes(' -pool ce.example.org:9619 -name ce.example.org'))).to.equal(true);
    expect(words.map((line) => line.split(' ')[0])).to.include.members([
      'condor_q',
      'condor_history',
      'condor_transfer_data',
      'condor_rm',
    ]);
  });

  it('tells a refusal in the words of condor_submit, and leaves no secret behind', async () => {
    const said =
      '\nERROR: Failed to connect to queue manager ce.example.org\nAUTHENTICATE:1003:Failed to authenticate with any method\n';
    for (const [answer, sentence] of [
      [
        { status: 1, stderr: said },
        'condor_submit ended with status 1: ERROR: Failed to connect to queue manager ce.example.org',
      ],
      [
        { status: 1, stderr: 'ERROR: Number of submitted jobs would exceed MAX_JOBS_PER_OWNER\n' },
        'would exceed MAX_JOBS_PER_OWNER',
      ],
      [
        { stdout: '1 Auftrag an Cluster 7 übergeben.\n' },
        'condor_submit answered what no HTCondor says: 1 Auftrag an Cluster 7',
      ],
      [{ stdout: '' }, 'condor_submit answered what no HTCondor says: nothing'],
    ] as const) {
      const host = new RecordedHost({ condor_submit: answer });
      const error = await failureOf(new Htcondor('S', settings(), host).submit(preparedPilot()));
      expect(error.message).to.contain(sentence);
      expect(host.files.size).to.equal(0);
    }
  });

  it('asks condor_q for all, and condor_history for those that left the queue', async () => {
    const held = "Error from slot1@node: Failed to execute '/pilots/p1.sh': (errno=13: 'Permission denied')";
    const host = new RecordedHost({
      condor_q: { stdout: printed(ad(0, 1), ad(1, 2), ad(2, 5, { HoldReason: held }), ad(3, 7), ad(7, 5)) },
      condor_history: {
        stdout: printed(
          ad(4, 4, { ExitCode: 10, ExitBySignal: false }),
          ad(5, 4, { ExitBySignal: true, ExitSignal: 9 }),
          ad(6, 3, { RemoveReason: 'The job attribute PeriodicRemove expression evaluated to TRUE' }),
        ),
      },
    });
    const ids = Array.from({ length: 9 }, (_, i) => `7.${i}`);
    const found = await new Htcondor('S', settings(), host).status(ids);
    expect(host.asked.map(({ words }) => words[0])).to.deep.equal(['condor_q', 'condor_history']);
    expect(host.asked[1]?.words).to.include.members(['7.4', '7.8']).and.not.to.include('7.3');
    expect(Object.fromEntries(found)).to.deep.equal({
      '7.0': { state: 'queued', exitStatus: null, why: null },
      '7.1': { state: 'running', exitStatus: null, why: null },
      '7.2': { state: 'held', exitStatus: null, why: held },
      '7.3': { state: 'held', exitStatus: null, why: 'JobStatus 7' },
      '7.4': { state: 'ended', exitStatus: 10, why: null },
      '7.5': { state: 'ended', exitStatus: null, why: 'killed by signal 9' },
      '7.6': { state: 'ended', exitStatus: null, why: 'The job attribute PeriodicRemove expression evaluated to TRUE' },
      '7.7': { state: 'held', exitStatus: null, why: 'JobStatus 5' },
    });
  });

  it('finds its pilots again by the mark that they were submitted with', async () => {
    const host = new RecordedHost({
      condor_q: { stdout: printed(ad(0, 1, { ProofPilot: 'p1' }), ad(1, 3, { ProofPilot: 'p2' })) },
    });
    expect(await new Htcondor('S', settings(), host).jobs()).to.deep.equal([{ batchId: '7.0', pilotId: 'p1' }]);
    expect(host.asked[0]?.words).to.include.members(['-constraint', 'ProofSite == "S"']);
  });

  it('cancels also what is over already, and tells what it could not', async () => {
    const gone = "Couldn't find/remove all jobs matching constraint (ClusterId==7 && ProcId==0)";
    const over = new RecordedHost({ condor_rm: { status: 1, stderr: gone }, condor_q: { stdout: printed(ad(0, 4)) } });
    await new Htcondor('S', settings(), over).cancel(['7.0']);
    const left = new RecordedHost({
      condor_rm: { status: 1, stderr: 'Permission denied to remove job 7.0\n' },
      condor_q: { stdout: printed(ad(0, 2)) },
    });
    const error = await failureOf(new Htcondor('S', settings(), left).cancel(['7.0']));
    expect(error.message).to.equal('Site S: condor_rm left 7.0: Permission denied to remove job 7.0');
  });

  it('takes an empty answer for no job, and anything but a list of jobs for garbage', async () => {
    const site = (stdout: string) => new Htcondor('S', settings(), new RecordedHost({ condor_q: { stdout } }));
    for (const stdout of ['', '\n', '[\n]\n']) expect((await site(stdout).status(['7.0'])).size).to.equal(0);
    const garbage = [
      '-- Failed to fetch ads',
      '{}',
      '[{"ClusterId":"x"}]',
      '[{',
      '[{"ClusterId":7,"ProcId":0,"JobStatus":4,"ProofPilot":"../x"}]',
    ];
    for (const stdout of garbage)
      expect((await failureOf(site(stdout).status(['7.0']))).message).to.match(
        /^Site S: condor_q answered what no HTCondor says: /,
      );
    const strange = await site(printed(ad(0, 9))).status(['7.0']); // of a later version
    expect(strange.get('7.0')).to.deep.equal({ state: 'unknown', exitStatus: null, why: null });
  });
});
