/** Packages: uploaded once, set up by every worker of a query, the same without a server; a user's own only. */
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { open, processLocally } from '../../client/library.js';
import { writeDimuonFile } from '../../rootio/write/dimuon-dataset.js';
import { type Ran, run } from '../support/cluster.js';
import { TestProxy } from '../support/proxy-server.js';

const SITE = 'sites: [{ name: S, type: local, min: 2, cores: 1, drainBeforeEndS: 0 }]\n';
const EVENTS = 4_000;
/** Uses code of the package, its setup's variables, what its build made, and where it lies. */
const SELECTOR = `
import { readFileSync } from 'node:fs';
import { Selector } from 'proof-grid';
import { twice } from 'package:tools/lib/twice.js';
export default class Uses extends Selector {
  override branches = ['mu1_pt'];
  sum = this.counter('sum');
  n = 0;
  override workerBegin(): void {
    const built = readFileSync(process.env.PROOF_PACKAGE_TOOLS + '/built.txt', 'utf8');
    this.n = twice(Number(process.env.TOOLS_FACTOR)) + built.trim().length + Number((globalThis as { more?: number }).more);
  }
  override process(): void {
    // Long enough for two workers to share.
    if (this.params.pace) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, Number(this.params.pace));
    this.sum.add(this.n);
  }
}
`;
interface Outcome {
  status: string;
  entries: { done: number };
  outputs: { name: string; value?: unknown }[];
  workers: { entries: number }[];
}

describe('packages', () => {
  let proxy: TestProxy;
  const file = (...names: string[]): string => join(proxy.folder, ...names);
  const as = (user: string, ...words: string[]): Promise<Ran> =>
    run(words, { env: { PROOF_CONFIG: file(`${user}.yaml`), PROOF_TOKEN: '', TMPDIR: file('tmp') } });
  const good = async (...words: string[]): Promise<Ran> => {
    const ran = await as('ada', ...words);
    expect(ran.status, ran.stderr).to.equal(0);
    return ran;
  };
  const makePackage = (name: string, files: Record<string, string>): void => {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(file(name, path, '..'), { recursive: true });
      writeFileSync(file(name, path), text);
    }
  };
  const tools = (twice: string): void =>
    makePackage('tools', {
      'lib/twice.js': `import { two } from './two.js';\nexport const twice = (x) => ${twice};\n`,
      'lib/two.js': 'export const two = 2;\n',
      'PROOF-INF/BUILD.sh': 'echo building; printf built > built.txt\n',
      'PROOF-INF/SETUP.sh': 'echo hello; echo TOOLS_FACTOR=20\n',
      'PROOF-INF/SETUP.mjs': 'globalThis.more = 100;\n',
    });

  before(async () => {
    proxy = await new TestProxy(SITE, { auth: 'token', catalog: 'embedded' }).start();
    for (const user of ['ada', 'bob']) {
      const made = await run(['token', 'create', '--user', user, '--role', 'user', '--state-dir', proxy.stateDir]);
      writeFileSync(file(`${user}.token`), made.stdout, { mode: 0o600 });
      writeFileSync(
        file(`${user}.yaml`),
        `defaultHost: here\nhosts:\n  here: { url: "${proxy.url}", tokenFile: ${user}.token }\n`,
      );
    }
    await proxy.until(
      async () => JSON.parse((await as('ada', 'workers', '--json')).stdout) as { phase: string }[],
      (workers) => workers.filter(({ phase }) => phase === 'warm').length === 2,
    );
    await writeDimuonFile(file('data.root'), { seed: 3, firstEvent: 0, events: EVENTS, run: 1 });
    writeFileSync(file('uses.ts'), SELECTOR);
    mkdirSync(file('tmp'));
    tools('two * x');
    makePackage('broken', { 'PROOF-INF/BUILD.sh': 'echo trying hard; echo no compiler here >&2; exit 3\n' });
  });
  after(() => proxy?.stop());

  it('are uploaded, listed, used by two workers and by --local with the same answer, and cleared; others see nothing', async () => {
    expect((await good('packages', 'upload', file('tools'))).stdout).to.match(/^tools: 5 files/);
    const [listed] = JSON.parse((await good('packages', 'list', '--json')).stdout) as { name: string; files: number }[];
    expect(listed).to.include({ name: 'tools', files: 5 });
    expect(JSON.parse((await as('bob', 'packages', 'list', '--json')).stdout)).to.deep.equal([]);

    const words = [file('uses.ts'), file('data.root'), '--package', 'tools', '--json', '-'];
    const bob = await as('bob', 'run', ...words);
    expect(bob.stderr).to.contain('PROXY_NO_SUCH_PACKAGE');
    const remote = JSON.parse((await good('run', ...words, '--workers', '2', '--param', 'pace=5')).stdout) as Outcome;
    expect(remote).to.include({ status: 'completed' });
    expect(remote.entries.done).to.equal(EVENTS);
    expect(remote.workers).to.have.length(2);
    expect(JSON.stringify(remote.outputs)).to.contain(String(EVENTS * 145));
    const local = JSON.parse((await good('run', '--local', ...words)).stdout) as Outcome;
    expect(local.outputs).to.deep.equal(remote.outputs);
    expect(readdirSync(file('tmp')).filter((name) => name.startsWith('proof-package'))).to.deep.equal([]);

    await good('packages', 'clear', 'tools');
    expect((await as('ada', 'run', ...words)).stderr).to.contain('PROXY_NO_SUCH_PACKAGE');
  });

  it('that cannot be built fail the query with package, node and the last of what the build said, and leave the session usable', async () => {
    await good('packages', 'upload', file('broken'));
    for (const where of [[], ['--local']]) {
      const ran = await as(
        'ada',
        'run',
        ...where,
        file('uses.ts'),
        file('data.root'),
        '--package',
        'broken',
        '--package',
        file('tools'),
      );
      expect(ran.status).to.equal(1);
      expect(ran.stderr)
        .to.contain('Package broken on ')
        .and.contain('BUILD.sh ends with status 3')
        .and.contain('trying hard')
        .and.contain('no compiler here')
        .and.contain('ANALYSIS_PACKAGE_BUILD');
    }
  });

  it('are enabled at the prompt for all later queries; a package that was changed replaces the older one', async () => {
    const query = `run ${file('uses.ts')} ${file('data.root')} --entries 10 --json ${file('out.json')}\n`;
    const lines = (...given: string[]): Promise<Ran> =>
      run(['open', 'here'], { input: given.join(''), env: { PROOF_CONFIG: file('ada.yaml'), PROOF_TOKEN: '' } });
    const none = await lines(query);
    expect(none.stderr).to.contain('--package').and.contain('package');
    tools('1000 * two');
    const { stdout, stderr, status } = await lines(
      ...[`packages upload ${file('tools')}\n`, 'packages enable tools\n', 'packages list\n', query],
    );
    expect(status, stderr).to.equal(0);
    expect(stdout).to.match(/Enabled for the queries of this session: tools/);
    expect(stdout).to.match(/^tools +5 .*yes$/m);
    const again = await good(
      'run',
      file('uses.ts'),
      file('data.root'),
      '--entries',
      '10',
      '--package',
      'tools',
      '--json',
      '-',
    );
    expect(JSON.stringify((JSON.parse(again.stdout) as Outcome).outputs)).to.contain(String(10 * 2105));
    await good('packages', 'clear', '--all');
    expect(JSON.parse((await good('packages', 'list', '--json')).stdout)).to.deep.equal([]);
  });

  it('are given to sessions and local runs of programs too, from a path without an upload', async () => {
    tools('two * x');
    const config = file('ada.yaml');
    const session = await open('here', { config, packages: [file('tools')] });
    const answers = [await session.process(file('data.root'), file('uses.ts'), { entries: 10 })];
    await session.close();
    answers.push(
      await processLocally(file('data.root'), file('uses.ts'), { config, packages: [file('tools')], entries: 10 }),
    );
    for (const { outputs } of answers) expect(JSON.stringify(outputs)).to.contain(String(10 * 145));
  });

  it('that are no packages are refused by the server too, whoever packed them', async () => {
    const made = await fetch(`${proxy.url}/v1/packages`, {
      method: 'PUT',
      headers: {
        'content-type': 'application/octet-stream',
        authorization: `Bearer ${(await run(['token', 'create', '--user', 'eve', '--role', 'user', '--state-dir', proxy.stateDir])).stdout.trim()}`,
      },
      body: 'no package',
    });
    expect(made.status).to.equal(400);
    expect(((await made.json()) as { code: string }).code).to.equal('PROTOCOL_PACKAGE');
  });
});
