/**
 * Tells people that a job is over, for those JDLs that have an Email: by a command of the site's choice, which is given words and JSON.
 *
 *     COMMAND [WORDS...] ADDRESS JOB STATE      on standard input one JSON object: job, user, name, state, why, email, subJobs
 *
 * Never a shell; so many at a time, each for a bounded time. What fails is a line in the job's trace and nothing else.
 */
import { spawn } from 'node:child_process';
import { z } from 'zod';
import type { Clock } from '../../protocol/clock.js';
import type { JobState } from '../../protocol/job-messages.js';
import type { Job } from './job-row.js';

/** `emailHook:` of the configuration. */
export const emailHookShape = z.strictObject({
  command: z.array(z.string().min(1)).min(1),
  timeoutS: z.number().min(0.1).max(3600).default(30),
});
export type EmailHook = z.infer<typeof emailHookShape>;

export interface EndNoticesOptions {
  readonly hook: EmailHook | null;
  readonly clock: Clock;
  readonly note: (jobId: number, text: string) => void;
}

const MOST_AT_ONCE = 4;
/** More than so many waiting notices are not sent: somebody submitted thousands of jobs with an Email each. */
const MOST_WAITING = 1000;
const MOST_WORDS = 500;

export interface NoticeFacts {
  readonly email: string;
  /** How many sub-jobs are in which state; null: no master. */
  readonly parts: Partial<Record<JobState, number>> | null;
}

export class EndNotices {
  readonly #options: EndNoticesOptions;
  readonly #waiting: (() => Promise<void>)[] = [];
  #running = 0;

  constructor(options: EndNoticesOptions) {
    this.#options = options;
  }

  send(job: Job, facts: NoticeFacts): void {
    const { hook, note } = this.#options;
    const obstacle =
      hook === null
        ? 'this ProxyServer has no emailHook'
        : this.#waiting.length >= MOST_WAITING
          ? `${MOST_WAITING} notices wait already`
          : undefined;
    if (hook === null || obstacle !== undefined) {
      note(job.jobId, `nobody is told by Email: ${obstacle}`);
      return;
    }
    this.#waiting.push(async () => {
      const failure = await this.#run(hook, job, facts);
      note(job.jobId, failure === null ? `told ${facts.email}` : `nobody was told by Email: ${failure}`);
    });
    this.#next();
  }

  #next(): void {
    while (this.#running < MOST_AT_ONCE) {
      const one = this.#waiting.shift();
      if (one === undefined) return;
      this.#running++;
      void one().finally(() => {
        this.#running--;
        this.#next();
      });
    }
  }

  /** @returns why it failed, or null */
  #run({ command, timeoutS }: EmailHook, job: Job, { email, parts }: NoticeFacts): Promise<string | null> {
    const { jobId, user, name, state, why } = job;
    const [program, ...words] = command as [string, ...string[]];
    return new Promise((resolve) => {
      const child = spawn(program, [...words, email, String(jobId), state], {
        shell: false,
        detached: true,
        stdio: ['pipe', 'ignore', 'pipe'],
        env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin', LANG: 'C.UTF-8' },
      });
      let said = '';
      let isLate = false;
      const cancel = this.#options.clock.after(timeoutS * 1000, () => {
        isLate = true;
        killGroup(child.pid);
        child.stderr.destroy();
      });
      child.stderr.on('data', (part: Buffer) => {
        said = (said + part.toString('utf8')).slice(-MOST_WORDS);
      });
      child.once('error', (error) => {
        cancel();
        resolve(`${program} cannot be started: ${error.message}`);
      });
      child.once('close', (status, signal) => {
        cancel();
        killGroup(child.pid); // what it left behind
        if (isLate) resolve(`${program} did not end within ${timeoutS} s`);
        else if (status === 0) resolve(null);
        else
          resolve(`${program} ended with ${signal ?? `exit status ${status}`}${said === '' ? '' : `: ${said.trim()}`}`);
      });
      child.stdin.on('error', () => {}); // it need not read
      child.stdin.end(`${JSON.stringify({ job: jobId, user, name, state, why, email, subJobs: parts })}\n`);
    });
  }
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // nothing is left of it, as wished
  }
}
