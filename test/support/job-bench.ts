/** Batch jobs of a test: submitted, watched and read over HTTP, as user alice. */
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { type JobInfo, jobInfo, submittedJob, traceLine } from '../../protocol/job-messages.js';
import type { TestProxy } from './proxy-server.js';

export class JobBench {
  readonly #proxy: TestProxy;
  constructor(proxy: TestProxy) {
    this.#proxy = proxy;
  }

  /** A payload that is used as the node's own program. */
  script(name: string, text: string): string {
    const file = join(this.#proxy.folder, name);
    writeFileSync(file, `#!/bin/sh\n${text}\n`);
    chmodSync(file, 0o700);
    return file;
  }
  async submit(jdl: string, args: string[] = [], user = 'alice'): Promise<number> {
    const body = JSON.stringify({ jdl, args });
    return (await this.#proxy.call(submittedJob, '/jobs', { method: 'POST', body, user })).jobId;
  }
  async job(id: number, user = 'alice'): Promise<JobInfo> {
    return this.#proxy.call(jobInfo, `/jobs/${id}`, { user });
  }
  becomes(id: number, isSo: (one: JobInfo) => boolean): Promise<JobInfo> {
    return this.#proxy.until(() => this.job(id), isSo);
  }
  /** @throws with why, where it ends otherwise */
  async ends(id: number, state: string): Promise<JobInfo> {
    const job = await this.becomes(id, ({ endedAt }) => endedAt !== null);
    if (job.state !== state) throw new Error(`job ${id} is ${job.state}, not ${state}: ${job.why}`);
    return job;
  }
  async trace(id: number): Promise<string[]> {
    const lines = await this.#proxy.call(z.array(traceLine), `/jobs/${id}/trace`, { user: 'alice' });
    return lines.map(({ text }) => text);
  }
  async file(id: number, name: string): Promise<string> {
    const answer = await fetch(`${this.#proxy.url}/v1/jobs/${id}/file?name=${encodeURIComponent(name)}`, {
      headers: { authorization: 'Bearer dev:alice' },
    });
    return answer.text();
  }
  async files(id: number): Promise<string[]> {
    const shape = z.array(z.object({ name: z.string(), size: z.number() }));
    return (await this.#proxy.call(shape, `/jobs/${id}/files`, { user: 'alice' })).map(({ name }) => name);
  }
}
