/** Slurm's answers, recorded from 22.05 and after its manual, and what is made of them. */
import { expect } from 'chai';
import { z } from 'zod';
import { slurmShape } from '../../../../proxy-server/sites/site-settings.js';
import { SLURM_STATES, Slurm } from '../../../../proxy-server/sites/slurm.js';
import { failureOf } from '../../../support/failure.js';
import { preparedPilot, RecordedHost } from '../../../support/recorded-host.js';

const settings = (more: object = {}) => z.object(slurmShape).parse({ type: 'slurm', ...more });

describe('proxy-server: site type slurm', () => {
  it('submits the script on standard input, the secret in no word of the command', async () => {
    const host = new RecordedHost({ sbatch: { stdout: '4711;cluster\n' } });
    const slurm = new Slurm('S', settings({ partition: 'main', account: 'a', qos: 'q', options: ['--mem=1G'] }), host);
    expect(await slurm.submit(preparedPilot(8))).to.equal('4711');
    const [{ words, input } = { words: [], input: '' }] = host.asked;
    expect(words).to.include.members([
      '--parsable',
      '--cpus-per-task=8',
      '--time=60',
      '--partition=main',
      '--account=a',
    ]);
    expect(words).to.include.members(['--qos=q', '--mem=1G']);
    expect(words.join(' ')).not.to.contain('s3cret').and.not.to.contain('--exclusive');
    await slurm.submit(preparedPilot(8, true));
    expect(host.asked[1]?.words).to.include.members(['--exclusive', '--cpus-per-task=8']);
    expect(input).to.contain('s3cret');
  });

  it('knows the states of many jobs by one command, and asks the accounting only for the rest', async () => {
    const host = new RecordedHost({
      squeue: {
        stdout:
          '1|RUNNING|0|None|\n2|FAILED|768|NonZeroExitCode|\n3|FAILED|9|JobLaunchFailure|\n4|PENDING|0|JobHeldUser|\n' +
          '5|PENDING|0|Priority|\n6|COMPLETED|0:0|None|\n',
      },
      sacct: { stdout: '7|CANCELLED by 1000|0:15\n8|TIMEOUT|0:0\n' },
    });
    const found = await new Slurm('S', settings(), host).status(['1', '2', '3', '4', '5', '6', '7', '8', '9']);
    expect(host.asked.map(({ words }) => words[0])).to.deep.equal(['squeue', 'sacct']);
    expect(host.asked[1]?.words).to.include('7,8,9');
    expect(Object.fromEntries(found)).to.deep.equal({
      1: { state: 'running', exitStatus: null, why: null },
      2: { state: 'ended', exitStatus: 3, why: null },
      3: { state: 'ended', exitStatus: null, why: 'FAILED, killed by signal 9' },
      4: { state: 'held', exitStatus: null, why: 'PENDING: JobHeldUser' },
      5: { state: 'queued', exitStatus: null, why: 'PENDING: Priority' },
      6: { state: 'ended', exitStatus: 0, why: null },
      7: { state: 'ended', exitStatus: null, why: 'CANCELLED, killed by signal 15' },
      8: { state: 'ended', exitStatus: null, why: 'TIMEOUT' },
    });
  });

  it('leaves jobs unknown where there is no accounting', async () => {
    const host = new RecordedHost({ sacct: { status: 1, stderr: 'Slurm accounting storage is disabled\n' } });
    expect((await new Slurm('S', settings(), host).status(['1'])).size).to.equal(0);
  });

  it('tells a refusal in the words of sbatch, and garbage as garbage', async () => {
    const refused = new RecordedHost({
      sbatch: { status: 1, stderr: 'sbatch: error: invalid partition specified: nix\n' },
    });
    expect((await failureOf(new Slurm('S', settings(), refused).submit(preparedPilot()))).message).to.equal(
      'Site S: sbatch ended with status 1: sbatch: error: invalid partition specified: nix',
    );
    for (const stdout of ['Auftrag angenommen', '', '12\n13\n', '\u0000\u0001'])
      expect(
        (await failureOf(new Slurm('S', settings(), new RecordedHost({ sbatch: { stdout } })).submit(preparedPilot())))
          .message,
      ).to.match(/^Site S: sbatch answered what no Slurm says: /);
    const garbage = new RecordedHost({ squeue: { stdout: 'LÄUFT\n' } });
    expect((await failureOf(new Slurm('S', settings(), garbage).status(['1']))).message).to.contain(
      'L?UFT'.slice(0, 1),
    );
  });

  it('has a state for each that the manual lists', () => {
    expect(new Set(Object.values(SLURM_STATES))).to.deep.equal(new Set(['queued', 'running', 'held', 'ended']));
  });
});
