import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { systemClock } from '../../../../protocol/clock.js';
import { EndNotices } from '../../../../proxy-server/jobs/end-notices.js';
import { JobStore } from '../../../../proxy-server/jobs/job-store.js';
import { openStateDb } from '../../../../proxy-server/state-db.js';

describe('proxy-server: notices of ends', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'proof-notices-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const name = "x'; touch /tmp/$(id) `date`";
  const store = new JobStore(openStateDb(':memory:'));
  const job = store.get(
    store.add({ user: 'alice', name, jdl: '[]', wants: '[]', price: 1, cores: 1, waitMs: null }, 1),
  )!;
  const hook = (text: string): string => {
    const file = join(folder, 'hook.sh');
    writeFileSync(file, `#!/bin/sh\n${text}\n`);
    chmodSync(file, 0o700);
    return file;
  };
  const told = (command: string[] | null, timeoutS = 30): Promise<string> =>
    new Promise((resolve) => {
      const notices = new EndNotices({
        hook: command === null ? null : { command, timeoutS },
        clock: systemClock,
        note: (_jobId, text) => resolve(text),
      });
      notices.send(job, { email: 'alice@example.org', parts: { DONE: 3 } });
    });

  it('are words and JSON for a command, and no shell reads them', async () => {
    const file = hook('printf "%s\\n" "$@" > "$0.args"; cat > "$0.input"');
    expect(await told([file, 'a b', '$(id)'])).to.equal('told alice@example.org');
    expect(readFileSync(`${file}.args`, 'utf8')).to.equal('a b\n$(id)\nalice@example.org\n1\nWAITING\n');
    expect(JSON.parse(readFileSync(`${file}.input`, 'utf8'))).to.deep.equal({
      ...{ job: 1, user: 'alice', name, state: 'WAITING', why: null },
      ...{ email: 'alice@example.org', subJobs: { DONE: 3 } },
    });
  });

  it('that fail are a line of the trace: no command, one that is not there, that fails, that does not end', async () => {
    expect(await told(null)).to.match(/nobody is told by Email: this ProxyServer has no emailHook/);
    expect(await told([join(folder, 'none')])).to.match(/cannot be started: .*ENOENT/);
    expect(await told([hook('echo no route >&2; exit 3')])).to.match(/ended with exit status 3: no route/);
    expect(await told([hook('sleep 600')], 0.2)).to.match(/did not end within 0.2 s/);
  });
});
