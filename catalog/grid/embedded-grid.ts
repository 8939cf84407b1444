/** Plug-in `embedded`: our own catalog as a child process of this one, on a directory; it ends with `close()` or with us. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { CatalogUnreachableError } from './errors.js';
import { ProofGrid, type ProofGridOptions } from './proof-grid.js';

const PROGRAM = fileURLToPath(new URL('../main.js', import.meta.url));

export class EmbeddedGrid extends ProofGrid {
  readonly #child: ChildProcess;

  private constructor(url: string, child: ChildProcess, options: ProofGridOptions) {
    super(url, options);
    this.#child = child;
  }

  /** @throws {CatalogUnreachableError} with the catalog's own words where it does not start */
  static async start(directory: string, options: ProofGridOptions = {}): Promise<EmbeddedGrid> {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const config = join(directory, 'catalog.yaml');
    writeFileSync(config, 'listen: 127.0.0.1:0\nstateDir: .\nauth: development\n');
    const child = spawn(process.execPath, [PROGRAM, '--config', config, '--embedded'], { stdio: 'pipe' });
    let words = '';
    child.stderr.on('data', (data: Buffer) => {
      words = (words + data.toString('utf8')).slice(-2000);
    });
    for await (const line of createInterface({ input: child.stdout })) {
      const url = /^listening on (\S+)$/.exec(line)?.[1];
      if (url !== undefined) return new EmbeddedGrid(url, child, options);
    }
    if (child.exitCode === null) await once(child, 'exit');
    throw new CatalogUnreachableError(`The embedded catalog in ${directory} does not start: ${words.trim()}`);
  }

  override async close(): Promise<void> {
    await super.close();
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = once(this.#child, 'exit');
    this.#child.kill('SIGTERM');
    await gone;
  }
}
