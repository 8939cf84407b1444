/** A job's trace, as it stands or as it grows until the job is over, with its standard output. */

import { StringDecoder } from 'node:string_decoder';
import { z } from 'zod';
import { type TraceLine, traceLine } from '../../protocol/job-messages.js';
import { printJson } from '../print.js';
import type { ServerApi } from '../server-api.js';
import { tell, tellText } from '../show/tell.js';
import { jobWithJdl, type ShownJob } from './ask-jobs.js';
import { isOver } from './ps-flags.js';

const FOLLOW_EVERY_MS = 500;
const fileShape = z.array(z.object({ name: z.string(), size: z.number() }));

export async function printTrace(api: ServerApi, jobId: number, { json = false } = {}): Promise<void> {
  const lines = await linesAfter(api, jobId, 0);
  if (json) printJson(lines);
  else for (const line of lines) tell(sentence(line));
}

/** @returns the job as it ended. With `json` an object a line: a line of the trace as `proof trace --json` has it, or `{ "stdout": TEXT }`. */
export async function followJob(api: ServerApi, jobId: number, { json = false } = {}): Promise<ShownJob> {
  const decoder = new StringDecoder('utf8');
  const jsonLine = (value: unknown): string => `${JSON.stringify(value)}\n`;
  let after = 0;
  let shown = 0;
  let shownRun = 0;
  for (;;) {
    // The state first: what the job wrote before it was over is there then.
    const job = await api.call('GET', `/jobs/${jobId}`, jobWithJdl);
    const lines = await linesAfter(api, jobId, after);
    after = lines.at(-1)?.line ?? after;
    for (const line of lines)
      if (json) process.stdout.write(jsonLine(line));
      else tell(sentence(line));
    if (job.run !== shownRun) shown = 0; // it was given out again, and begins from its start
    shownRun = job.run;
    const files = await api.call('GET', `/jobs/${jobId}/files`, fileShape);
    if ((files.find(({ name }) => name === 'stdout')?.size ?? 0) > shown) {
      const all = await api.bytes(`/jobs/${jobId}/file?name=stdout`);
      const more = all.subarray(shown);
      shown = all.length;
      if (json) process.stdout.write(jsonLine({ stdout: decoder.write(Buffer.from(more)) }));
      else tellText(process.stdout.isTTY ? decoder.write(Buffer.from(more)) : more);
    }
    if (isOver(job)) return job;
    await new Promise((resolve) => setTimeout(resolve, FOLLOW_EVERY_MS));
  }
}

const linesAfter = (api: ServerApi, jobId: number, after: number): Promise<TraceLine[]> =>
  api.call('GET', `/jobs/${jobId}/trace?after=${after}`, z.array(traceLine));

const sentence = ({ at, tag, text }: TraceLine): string => `${new Date(at).toISOString()} [${tag.padEnd(10)}]: ${text}`;
