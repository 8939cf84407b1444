/** Payloads on real agents: how they are kept apart, what is left of them, their limits, and their CPU time in the accounting. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { z } from 'zod';
import { accountingRow } from '../../protocol/accounting-messages.js';
import { run } from '../support/cluster.js';
import { JobBench } from '../support/job-bench.js';
import { TestProxy } from '../support/proxy-server.js';

/** Half a second of CPU time. */
const BURN = `node -e 'let x = 0; while (process.cpuUsage().user < 5e5) for (let i = 0; i < 1e6; i++) x += i;'`;

for (const isolation of ['never', 'preferred'] as const)
  describe(`proxy: payloads, isolation ${isolation}`, () => {
    let proxy: TestProxy;
    let jobs: JobBench;
    before(async () => {
      proxy = new TestProxy(`sites: [{ name: S, type: local, min: 1, cores: 2, isolation: ${isolation} }]\n`);
      await proxy.start();
      jobs = new JobBench(proxy);
      await proxy.warm(2);
    });
    after(() => proxy?.stop());

    /** As that user sees them, without any other role. */
    const sums = async (user: string, by: string) => {
      const headers = { authorization: `Bearer ${await proxy.token(user)}` };
      const answer = await fetch(`${proxy.url}/v1/accounting?by=${by}`, { headers });
      return z.array(accountingRow).parse(await answer.json());
    };

    it('leave no process behind, not even one that empties its environment, leaves its session and loses its parent', async () => {
      const flight = 'env -i /usr/bin/setsid /bin/sh -c "exec /bin/sleep 31415" >/dev/null 2>&1';
      // A shell of its own in between, so that the last one has no parent of the payload left.
      const program = jobs.script('escape.sh', `( ${flight} & ) ; until pgrep -x sleep >/dev/null; do :; done; exit 0`);
      const id = await jobs.submit(`Executable = "${program}";`);
      await jobs.ends(id, 'DONE');
      await proxy.until(
        () => sleepers('31415'),
        (pids) => pids.length === 0,
      );
    });

    it('see their directory and nothing of the agent beside it', async () => {
      const program = jobs.script(
        'look.sh',
        'pwd; ls -A; ls .. 2>&1; echo x > inside; touch /proof-outside 2>&1; env | sort',
      );
      const id = await jobs.submit(`Executable = "${program}"; OutputFile = {"inside"};`);
      await jobs.ends(id, 'DONE');
      const said = await jobs.file(id, 'stdout');
      const names = said.split('\n').flatMap((line) => /^([A-Za-z_]\w*)=/.exec(line)?.[1] ?? []);
      expect(names.filter((name) => !['PWD', 'SHLVL', '_', 'OLDPWD'].includes(name))).to.have.members([
        ...[
          'ALIEN_PROC_ID',
          'ALIEN_USER',
          'HOME',
          'LANG',
          'PATH',
          'PROOF_JOB',
          'PROOF_PAYLOAD',
          'PROOF_SLOT',
          'TMPDIR',
        ],
      ]);
      if (isolation === 'preferred' && (await proxy.workers())[0]!.node.isolation?.by === 'bubblewrap')
        expect(said).to.match(/Read-only file system/);
    });

    it('are asked to end before they are killed, and what OutputErrorE names is kept', async () => {
      const program = jobs.script(
        'asked.sh',
        'trap "echo saved > last.log; exit 1" TERM; head -c 3000000 /dev/zero > big; while :; do sleep 0.1; done',
      );
      const id = await jobs.submit(
        `Executable = "${program}"; WorkDirectorySize = "2MB"; OutputErrorE = {"last.log"};`,
      );
      const { why } = await jobs.ends(id, 'ERROR_E');
      expect(why).to.match(/more than its WorkDirectorySize of 2 MB/);
      expect(await jobs.file(id, 'last.log')).to.equal('saved\n');
    });

    it('are ended over their memory, with what they used', async () => {
      const eat = `node -e 'const a = Buffer.alloc(300e6, 1); setInterval(() => a, 1000)'`;
      const program = jobs.script('eat.sh', eat);
      const id = await jobs.submit(`Executable = "${program}"; MemorySize = "200MB";`);
      expect((await jobs.ends(id, 'ERROR_E')).why).to.match(
        /used \d+ MB of memory, more than its MemorySize of 200 MB/,
      );
    });

    it('and their children are accounted to their user, once, beside what workers use', async () => {
      const program = jobs.script('burn.sh', `${BURN}; ${BURN} & wait`);
      const id = await jobs.submit(`Executable = "${program}";`, [], 'alice');
      const { cpuSeconds } = await jobs.ends(id, 'DONE');
      expect(cpuSeconds).to.be.within(0.4, 4);
      const [alice] = await proxy.until(
        () => sums('alice', 'user'),
        ([row]) => (row?.batchSeconds ?? 0) >= 0.4,
      );
      expect(alice!.key).to.equal('alice');
      expect(await sums('bob', 'user')).to.deep.equal([]);
      const session = await proxy.openSession('bob');
      await proxy.until(session.workers, ({ ready }) => ready === 2);
      await session.close();
      const [bob] = await proxy.until(
        () => sums('bob', 'user'),
        ([row]) => (row?.interactiveSeconds ?? 0) > 0,
      );
      expect(bob!.key).to.equal('bob');
      const config = join(proxy.folder, 'config.yaml');
      writeFileSync(config, `defaultHost: here\nhosts:\n  here: { url: "${proxy.url}" }\n`);
      const shown = await run(['accounting', '--by', 'site'], { env: { PROOF_CONFIG: config } });
      expect(shown.stdout, shown.stderr).to.match(
        /^site +interactive cpu s +batch cpu s +cpu s\nS +\d+\.\d +\d+\.\d +\d+\.\d\n$/,
      );
      const bySlot = await run(['accounting', '--by', 'slot', '--json'], { env: { PROOF_CONFIG: config } });
      const slots = z.array(accountingRow).parse(JSON.parse(bySlot.stdout));
      expect(slots.map(({ key }) => key)).to.deep.equal((await proxy.pilots()).map(({ pilotId }) => pilotId));
      for (const { interactiveSeconds, batchSeconds } of slots) {
        expect(interactiveSeconds).to.be.above(0);
        expect(batchSeconds).to.be.at.least(0.4);
      }
      expect((await run(['accounting', '--by', 'moon'], { env: { PROOF_CONFIG: config } })).status).to.equal(2);
    });
  });

/** Pids of `sleep` with this argument, in whatever namespace. */
function sleepers(argument: string): number[] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      return readFileSync(`/proc/${name}/cmdline`, 'latin1') === `/bin/sleep\0${argument}\0` ? [Number(name)] : [];
    } catch {
      return []; // it has just ended
    }
  });
}
