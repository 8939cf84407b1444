/** The dashboard in a real browser, over a real pool: what it shows is what the command says. */
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { type Browser, chromium, type Page } from 'playwright-core';
import { writeDimuonFile } from '../../rootio/write/dimuon-dataset.js';
import { type Ran, run } from '../support/cluster.js';
import { TestProxy } from '../support/proxy-server.js';
import { skipBecause } from '../support/summary-reporter.js';

const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/chromium-browser'].find((path) => existsSync(path));
/** It must not speak to anybody: machines of tests have no network beyond themselves. */
const ALONE = [
  ...['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-sync'],
  ...['--disable-background-networking', '--disable-component-update', '--disable-dev-shm-usage'],
];
/** So long that it is stopped before its end. */
const SLOW = `
import { Selector } from 'proof-grid';
export default class Slow extends Selector {
  override branches = ['mu1_pt'];
  pt = this.h1('pt', 'p_{T} <img src=x onerror=alert(1)>;p_{T} [GeV];events', 50, 0, 100);
  n = this.counter('n', 'entries');
  override process(entry: number): void {
    for (const until = performance.now() + 3; performance.now() < until; );
    this.pt.fill(this.columns.mu1_pt.at(entry));
    this.n.add(1);
  }
}
`;

describe('the dashboard in a browser', () => {
  let proxy: TestProxy;
  let browser: Browser;
  let page: Page;
  /** What the browser complained of: errors of scripts, resources that the page's policy refused. */
  let complaints: string[];
  const file = (name: string): string => join(proxy.folder, name);
  let token: string;
  const proof = (...words: string[]): Promise<Ran> =>
    run(words, { env: { PROOF_CONFIG: file('config.yaml'), PROOF_TOKEN: '' }, cwd: proxy.folder });

  before(async function () {
    if (CHROMIUM === undefined) skipBecause(this, 'chromium is not installed');
    try {
      browser = await chromium.launch({ executablePath: CHROMIUM, args: ALONE, timeout: 120_000 });
    } catch (error) {
      skipBecause(this, `chromium does not start here: ${(error as Error).message.split('\n')[0]}`);
    }
    proxy = new TestProxy('sites: [{ name: NEAR, type: local, min: 2, cores: 1 }]\n', { auth: 'token' });
    await proxy.start();
    const made = await run(['token', 'create', '--user', 'ada', '--state-dir', proxy.stateDir]);
    token = made.stdout.trim();
    writeFileSync(
      file('config.yaml'),
      `defaultHost: here\nhosts: { here: { url: "${proxy.url}", token: "${token}" } }\n`,
    );
    await proxy.until(
      async () => JSON.parse((await proof('workers', '--json')).stdout) as { phase: string }[],
      (workers) => workers.filter(({ phase }) => phase === 'warm').length === 2,
    );
    await writeDimuonFile(file('a.root'), { seed: 1, firstEvent: 0, events: 100_000, run: 1 });
    writeFileSync(file('slow.ts'), SLOW);
  });
  beforeEach(async () => {
    complaints = [];
    page = await browser.newPage();
    page.setDefaultTimeout(100_000);
    page.on('pageerror', ({ message }) => complaints.push(message));
    page.on('console', (message) => {
      // A token that is refused is one of the tests; browsers write each such answer down.
      if (message.type() === 'error' && !/status of 401/.test(message.text())) complaints.push(message.text());
    });
  });
  afterEach(async () => {
    await page?.close();
    expect(complaints).to.deep.equal([]);
  });
  after(async () => {
    await browser?.close();
    await proxy?.stop();
  });

  const enter = async (text: string): Promise<void> => {
    await page.getByLabel('Token').fill(text);
    await page.getByRole('button', { name: 'Enter' }).click();
  };

  it('asks for a token, says why one is refused, keeps it for this tab, and forgets it when its user leaves', async () => {
    await page.goto(proxy.url);
    await page.getByText('This server wants a token.').waitFor();
    await enter('ey.nonsense.x');
    await page.getByText('The token is not one of this ProxyServer.').waitFor();
    await enter(token);
    await page.getByRole('cell', { name: 'NEAR' }).first().waitFor();
    await page.reload();
    await page.getByRole('cell', { name: 'NEAR' }).first().waitFor();
    await page.getByRole('button', { name: 'Leave' }).click();
    await page.reload();
    await page.getByText('This server wants a token.').waitFor();
  });

  it('shows sites, pilots and workers as they are', async () => {
    await page.goto(proxy.url);
    await enter(token);
    const figure = (name: string) => page.locator('.figure', { hasText: name }).locator('dd');
    await proxy.until(
      async () => [await figure('workers ready').textContent(), await figure('pilots').textContent()],
      ([ready, pilots]) => ready === '2' && pilots === '2',
    );
    const pilots = JSON.parse((await proof('pilots', '--json')).stdout) as { pilotId: string }[];
    for (const { pilotId } of pilots) await page.getByText(pilotId).waitFor();
    await page.getByRole('link', { name: 'NEAR' }).click();
    await page.getByRole('heading', { name: 'NEAR full' }).waitFor();
    await page.getByText(/2 serving, 0 on their way/).waitFor();
  });

  it('shows a batch job that waits, with its trace, and not for ever', async () => {
    writeFileSync(file('job.jdl'), 'Executable = "/bin/true"; Requirements = false;');
    expect((await proof('submit', 'job.jdl')).status).to.equal(0);
    await page.goto(`${proxy.url}/#jobs`);
    await enter(token);
    await page
      .getByRole('row', { name: /ada true WAITING/ })
      .getByRole('link')
      .click();
    await page.getByRole('heading', { name: 'Job 1: true WAITING' }).waitFor();
    await page.getByText(/\[state\].*WAITING/).waitFor();
    expect((await proof('kill', '1')).status).to.equal(0);
    await page.getByRole('heading', { name: 'Job 1: true KILLED' }).waitFor();
  });

  it('follows a query of its user live, stops it, and shows the answer that the command gets', async () => {
    await page.goto(`${proxy.url}/#queries`);
    await enter(token);
    const running = proof('run', 'slow.ts', 'a.root', '--quiet', '--json', '-');
    await page.getByRole('link', { name: /:q1$/ }).click();
    const picture = page.getByRole('img', { name: /^pt: H1, [\d,]+ entries$/ });
    await picture.waitFor();
    await page.getByText(/^\d+\.\d %$/).waitFor();
    page.once('dialog', (dialog) => void dialog.accept());
    await page.getByRole('button', { name: 'Stop, keep what is there' }).click();
    const ran = await running;
    expect(ran.status, ran.stderr).to.equal(3);
    const answer = JSON.parse(ran.stdout) as { entries: { done: number }; outputs: { entries: number }[] };
    expect(answer.entries.done).to.be.greaterThan(0);
    await page.getByRole('heading', { name: 'slow.ts stopped' }).waitFor();
    const entries = answer.outputs[0]!.entries.toLocaleString('en-GB');
    await page.getByRole('img', { name: `pt: H1, ${entries} entries` }).waitFor();
    await page.getByRole('row', { name: `n counter ${answer.entries.done}` }).waitFor();
    // As it is kept, from now on.
    await page.reload();
    await page.getByRole('img', { name: `pt: H1, ${entries} entries` }).waitFor();
    await page.getByRole('row', { name: `n counter ${answer.entries.done}` }).waitFor();
    expect(await page.getByRole('alert').allTextContents()).to.deep.equal([]);
  });
});
