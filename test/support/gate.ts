/** A file that users' code waits for: what a test does in the middle of a query is done in its middle, however slow the machine is. */
import { appendFileSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';

/** Statements for a selector's `process`; they need no import, and cost a look at the file where it is there. */
export class Gate {
  readonly #go: string;
  readonly #there: string;

  /** Shut. @param file none yet, in a folder that workers see */
  constructor(file: string) {
    this.#go = file;
    this.#there = `${file}.there`;
    appendFileSync(this.#there, '');
  }

  /** The worker stands still until the gate is open. */
  get wait(): string {
    return `for (const { existsSync } = ${FS}; !existsSync(${JSON.stringify(this.#go)}); ) ${sleep(20)};`;
  }
  /** The same; it says that it is there first. Not for workers in bubblewrap, which cannot write there. */
  get tellAndWait(): string {
    const [go, there] = [JSON.stringify(this.#go), JSON.stringify(this.#there)];
    return `if (!${FS}.existsSync(${go})) { ${FS}.appendFileSync(${there}, process.pid + ' '); ${this.wait} }`;
  }
  /** An entry takes so long while the gate is shut, and no processor. */
  pace(ms: number): string {
    return `if (!${FS}.existsSync(${JSON.stringify(this.#go)})) ${sleep(ms)};`;
  }

  /** Pids of the workers that have come to it. */
  get there(): number[] {
    return readFileSync(this.#there, 'utf8').trim().split(' ').filter(Boolean).map(Number);
  }
  open(): void {
    writeFileSync(this.#go, '');
  }
  shut(): void {
    rmSync(this.#go, { force: true });
    writeFileSync(this.#there, '');
  }
  get isOpen(): boolean {
    return existsSync(this.#go);
  }
}

const FS = `process.getBuiltinModule('node:fs')`;
const sleep = (ms: number): string => `Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ${ms})`;
