/** Tokens of payloads: who gets one, when it is renewed, and that many ends are one write. */
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { ToAgentMessage } from '../../../../protocol/agent-messages.js';
import { createLogger } from '../../../../protocol/log.js';
import { Revocations } from '../../../../protocol/revocations.js';
import { type Identity, openKey } from '../../../../protocol/tokens.js';
import { Issuers } from '../../../../proxy-server/issuers.js';
import { BATCH_MS, JobTokens } from '../../../../proxy-server/jobs/job-tokens.js';
import { openStateDb } from '../../../../proxy-server/state-db.js';
import { TokenBook } from '../../../../proxy-server/token-book.js';
import { TokenStore } from '../../../../proxy-server/token-store.js';
import { ManualClock } from '../../../support/manual-clock.js';

const log = createLogger({ program: 'test', level: 'error', file: null, terminal: false });
const job = (jobId: number, agentId = 'new') => ({
  jobId,
  run: 1,
  user: 'ada',
  agentId,
  submittedAt: 1_700_000_000_000,
});
/** Signing is asynchronous: where nothing may be sent, this gives it time to be. */
const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 50));

describe('proxy-server: tokens of payloads', () => {
  let folder: string;
  let clock: ManualClock;
  let book: TokenBook;
  let tokens: JobTokens;
  let sent: Extract<ToAgentMessage, { type: 'jobToken' }>[];
  const listFile = (): string => join(folder, 'key.json.revoked.json');
  const outcome = (token: string): Promise<Identity | string> => book.verify(token).catch((e: Error) => e.message);
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'proof-job-tokens-'));
    const key = await openKey(join(folder, 'key.json'));
    clock = new ManualClock();
    sent = [];
    book = new TokenBook({
      ...{
        key,
        store: new TokenStore(openStateDb(':memory:')),
        revocations: new Revocations(join(folder, 'key.json')),
      },
      ...{ issuers: new Issuers([]), nowMs: () => clock.date().getTime() },
    });
    const send = (_: string, message: ToAgentMessage): void => {
      if (message.type === 'jobToken') sent.push(message);
    };
    tokens = new JobTokens({ clock, log, book, takesTokens: (agentId) => agentId === 'new', send });
  });
  afterEach(() => {
    tokens.close();
    rmSync(folder, { recursive: true });
    expect(clock.pending).to.equal(0);
  });

  it('name user, job and attempt, live for an hour or the TTL, and are renewed until the run is over', async () => {
    const token = (await tokens.first(job(7), 86_400))!;
    const who = (await outcome(token)) as Identity;
    expect(who).to.deep.include({ user: 'ada', role: 'user', job: { jobId: 7, run: 1 } });
    expect(who.expiresAt! - who.issuedAt!).to.equal(3600);
    const short = (await outcome((await tokens.first(job(8), 900))!)) as Identity;
    expect(short.expiresAt! - short.issuedAt!).to.equal(900);
    tokens.over(job(8));
    for (let i = 1; i <= 3; i++) {
      clock.advance(1_200_000);
      while (sent.length < i) await settled();
      expect(sent.map(({ jobId }) => jobId)).to.deep.equal(Array(i).fill(7));
    }
    tokens.over(job(7));
    clock.advance(7_200_000);
    await settled();
    expect(sent).to.have.length(3);
    for (const given of [token, ...sent.map((message) => message.token)])
      expect(await outcome(given)).to.contain('was revoked');
  });

  it('are not sent to agents of the release before, and not made under development authentication', async () => {
    expect(await tokens.first(job(1, 'old'), 60)).to.equal(undefined);
    const none = new JobTokens({ clock, log, book: null, takesTokens: () => true, send: () => {} });
    expect(await none.first(job(1), 60)).to.equal(undefined);
    none.over(job(1));
    none.close();
  });

  it('void a thousand at once with one write, and are forgotten when they would have expired', () => {
    let writes = 0;
    const write = book.writeEnds.bind(book);
    book.writeEnds = () => {
      writes++;
      write();
    };
    for (let jobId = 1; jobId <= 1000; jobId++) tokens.over(job(jobId));
    clock.advance(BATCH_MS);
    expect(writes).to.equal(1);
    expect(statSync(listFile()).size).to.be.greaterThan(20_000);
    clock.advance(3_700_000);
    tokens.over(job(1001));
    clock.advance(BATCH_MS);
    expect(writes).to.equal(2);
    expect(statSync(listFile()).size).to.be.lessThan(200);
  });

  it('of runs that ended unwritten are void from the next start on, with one write; those that were written cost none', async () => {
    const token = (await tokens.first(job(7), 3600))!;
    tokens.over(job(8));
    clock.advance(BATCH_MS);
    const { mtimeMs } = statSync(listFile());
    const next = new JobTokens({ clock, log, book, takesTokens: () => true, send: () => {} });
    next.endOld((sinceMs) => (sinceMs < clock.date().getTime() - 3_600_000 ? [job(8)] : []));
    expect(statSync(listFile()).mtimeMs).to.equal(mtimeMs);
    next.endOld(() => [job(7), job(8)]);
    expect(await outcome(token)).to.contain('was revoked');
    expect(readFileSync(listFile(), 'utf8')).to.contain('job-7.1-');
    next.close();
  });

  it('that somebody revoked are not renewed', async () => {
    await tokens.first(job(7), 3600);
    book.revokeAllOf({ user: 'ada', role: 'user', tokenId: null, issuedAt: null, expiresAt: null }, 'ada');
    clock.advance(3_600_000);
    await settled();
    expect(sent).to.deep.equal([]);
  });
});
