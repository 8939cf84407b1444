/** A pilot whose agent is killed, alone: its script starts the agent again, which finds its payloads. With scripts run by a stand-in of Slurm. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { sendSignal } from '../../protocol/process-id.js';
import { JobBench } from '../support/job-bench.js';
import { TestProxy } from '../support/proxy-server.js';
import { StandInSlurm } from '../support/stand-in-slurm.js';
import { processesWith } from '../support/static-agent.js';

for (const payload of ['false', 'true', 'fetch'])
  describe(`proxy: a pilot whose agent is killed, payload ${payload}`, () => {
    let slurm: StandInSlurm;
    let proxy: TestProxy;
    beforeEach(() => {
      slurm = new StandInSlurm();
    });
    afterEach(async () => {
      await proxy.stop();
      const ids = readFileSync(join(slurm.folder, 'jobs', 'ids'), 'utf8')
        .trim()
        .split('\n');
      for (const id of ids) sendSignal(-Number(id), 'SIGTERM');
      const left = (): string[] => [
        ...readdirSync(slurm.folder).filter((name) => name.startsWith('proof-pilot-')),
        ...agentsBelow(slurm.folder).map(String),
      ];
      await proxy.until(left, (names) => names.length === 0);
      slurm.remove();
    });

    it('goes on as the same pilot and agent, with its payload', async () => {
      const environment = `environment: { PATH: "${slurm.path}" }`;
      proxy = new TestProxy(
        `sites: [{ name: FARM, type: slurm, min: 1, max: 1, payload: ${payload}, scratch: ${slurm.folder}, drainBeforeEndS: 0, ${environment} }]\nfactoryTickS: 1\n`,
      );
      await proxy.start();
      const jobs = new JobBench(proxy);
      const [worker] = await proxy.warm(1);
      const go = join(proxy.folder, 'go');
      const program = jobs.script('patient.sh', `echo first; while [ ! -e ${go} ]; do sleep 0.1; done; echo second`);
      const id = await jobs.submit(`Executable = "${program}";`);
      await jobs.becomes(id, ({ state }) => state === 'RUNNING');
      const patient = (): number[] => processesWith(`PROOF_JOB=${id}.1`, 'patient.sh');
      const [before] = await proxy.until(patient, (pids) => pids.length > 0); // its sleeps have other numbers
      const { pilotId } = (await proxy.pilots()).find(({ state }) => state !== 'gone')!;
      const agents = agentsBelow(slurm.folder);
      expect(agents).to.have.length(1);
      process.kill(agents[0]!, 'SIGKILL');
      await proxy.until(
        () => jobs.trace(id),
        (lines) => lines.includes('its agent was started again, and took it over'),
      );
      expect(patient()).to.include(before);
      const [again] = await proxy.warm(1);
      expect(again!.agentId).to.equal(worker!.agentId);
      writeFileSync(go, '');
      expect(await jobs.ends(id, 'DONE')).to.include({ run: 1 });
      expect(await jobs.file(id, 'stdout')).to.equal('first\nsecond\n');
      const living = (await proxy.pilots()).filter(({ state }) => state !== 'gone');
      expect(living.map((pilot) => pilot.pilotId)).to.deep.equal([pilotId]);
    });
  });

/** Pids of agents whose state directory lies in this folder. */
function agentsBelow(folder: string): number[] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      const isAgent = readFileSync(`/proc/${name}/cmdline`, 'latin1').startsWith('proof-agent');
      const environment = isAgent ? readFileSync(`/proc/${name}/environ`, 'latin1') : '';
      return environment.includes(`PROOF_STATE_DIR=${folder}/`) ? [Number(name)] : [];
    } catch {
      return []; // it has just ended
    }
  });
}
