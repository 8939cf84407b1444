/** Grid Engine's answers, recorded from 8.1.9, and what is made of them. */
import { expect } from 'chai';
import { z } from 'zod';
import { GridEngine } from '../../../../proxy-server/sites/gridengine.js';
import { gridengineShape } from '../../../../proxy-server/sites/site-settings.js';
import { failureOf } from '../../../support/failure.js';
import { preparedPilot, RecordedHost } from '../../../support/recorded-host.js';

const settings = (more: object = {}) => z.object(gridengineShape).parse({ type: 'gridengine', ...more });
const job = (id: number, state: string) =>
  `<job_list state="x"><JB_job_number>${id}</JB_job_number><JB_name>p</JB_name><state>${state}</state></job_list>`;
const queue = (running: string, pending: string) =>
  `<?xml version='1.0'?>\n<job_info  xmlns:xsd="http://x/qstat.xsd">\n <queue_info>\n${running}</queue_info>\n <job_info>\n${pending}</job_info>\n</job_info>\n`;

describe('proxy-server: site type gridengine', () => {
  it('puts the secret into a file of its own: others can read job scripts', async () => {
    const host = new RecordedHost({ qsub: { stdout: '12\n' } });
    const site = new GridEngine('S', settings({ queue: 'main.q', project: 'p' }), host);
    expect(await site.submit(preparedPilot(4))).to.equal('12');
    const [{ words, input } = { words: [], input: '' }] = host.asked;
    expect(words.join(' ')).to.contain('-l h_rt=3600 -pe smp 4 -q main.q -P p');
    expect(`${words.join(' ')}${input}`).not.to.contain('s3cret');
    expect(host.files.get('/shared/pilots/p1.json')).to.contain('s3cret');
    await site.cancel(['12']);
    expect(host.files.size, 'removed with the pilot').to.equal(0);
  });

  it('leaves no settings behind where qsub refuses', async () => {
    const host = new RecordedHost({
      qsub: { status: 1, stderr: 'Unable to run job: Job was rejected because job requests unknown queue "nix"\n' },
    });
    const error = await failureOf(new GridEngine('S', settings(), host).submit(preparedPilot()));
    expect(error.message).to.contain('qsub ended with status 1: Unable to run job').and.contain('unknown queue "nix"');
    expect(host.files.size).to.equal(0);
  });

  it('maps the letters of qstat, and looks up in the accounting what left the queue', async () => {
    const host = new RecordedHost({
      qstat: { stdout: queue(job(1, 'r') + job(2, 'dr') + job(3, 's'), job(4, 'qw') + job(5, 'hqw') + job(6, 'Eqw')) },
      qacct: { stdout: 'failed       100 : assumedly after job\nexit_status  137                  (Killed)\n' },
    });
    const found = await new GridEngine('S', settings(), host).status(['1', '2', '3', '4', '5', '6', '7']);
    const states = Object.fromEntries([...found].map(([id, { state }]) => [id, state]));
    expect(states).to.deep.equal({
      1: 'running',
      2: 'running',
      3: 'held',
      4: 'queued',
      5: 'held',
      6: 'held',
      7: 'ended',
    });
    expect(found.get('7')?.why).to.equal('failed 100 assumedly after job, killed by signal 9');
    host.answers['qacct'] = { stdout: 'failed       0    \nexit_status  3                   \n' };
    expect((await new GridEngine('S', settings(), host).status(['8'])).get('8')?.exitStatus).to.equal(3);
  });

  it('gives a job up that is in no queue and gets no account, at the second look', async () => {
    const host = new RecordedHost({
      qstat: { stdout: queue('', '') },
      qacct: { status: 1, stderr: 'error: job id 9 not found\n' },
    });
    const site = new GridEngine('S', settings(), host);
    expect((await site.status(['9'])).has('9')).to.equal(false);
    expect((await site.status(['9'])).get('9')?.state).to.equal('ended');
  });

  it('says what is wrong with an answer that is none', async () => {
    for (const stdout of ['', 'fehler', '<job_info>', '<?xml version="1.0"?><html/>', queue('', '').slice(0, 80)]) {
      const site = new GridEngine('S', settings(), new RecordedHost({ qstat: { stdout } }));
      expect((await failureOf(site.status(['1']))).message).to.match(
        /^Site S: qstat -xml answered what no Grid Engine says: /,
      );
    }
  });
});
