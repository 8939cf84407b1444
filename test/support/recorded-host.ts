/** A batch host that answers as recorded: the command's name -> what it says. Keeps what it was asked. */
import { type BatchHost, outputOf } from '../../proxy-server/sites/batch-host.js';

export interface Recorded {
  readonly status?: number;
  readonly stdout?: string;
  readonly stderr?: string;
}

export class RecordedHost implements BatchHost {
  readonly asked: { words: readonly string[]; input: string | undefined }[] = [];
  readonly files = new Map<string, string>();
  readonly answers: Record<string, Recorded>;

  constructor(answers: Record<string, Recorded>) {
    this.answers = answers;
  }

  async run(words: readonly string[], input?: string): Promise<string> {
    return outputOf('S', words, { how: 'ended', ...(await this.tryRun(words, input)) });
  }
  tryRun(words: readonly string[], input?: string): Promise<{ status: number; stdout: string; stderr: string }> {
    this.asked.push({ words, input });
    return Promise.resolve({ status: 0, stdout: '', stderr: '', ...this.answers[words[0]!] });
  }
  directory(): Promise<string> {
    return Promise.resolve('/shared/pilots');
  }
  write(file: string, text: string): Promise<void> {
    this.files.set(file, text);
    return Promise.resolve();
  }
  provide(_file: string, name: string): Promise<string> {
    return Promise.resolve(`/shared/pilots/${name}`);
  }
  tail(file: string): Promise<string> {
    return Promise.resolve(this.files.get(file) ?? '');
  }
  remove(files: readonly string[]): Promise<void> {
    for (const file of files) this.files.delete(file);
    return Promise.resolve();
  }
}

/** Of an order of one core and an hour. */
export const preparedPilot = (cores = 1, wholeNode = false) => ({
  pilotId: 'p1',
  order: { cores, wholeNode, ttlS: 3600, comment: null, packages: [] },
  directory: '/shared/pilots',
  payload: null,
  fetches: false,
  settings: '{"secret":"s3cret"}',
  script: (settings: { text: string } | { file: string }) => `#!/bin/sh\n# ${JSON.stringify(settings)}\n`,
});
