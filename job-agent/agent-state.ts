/**
 * What an agent keeps for the process that comes after it, where it has a state directory: who it is to the ProxyServer, and a pilot's settings.
 * All of it is for the agent's account alone (mode 0600), hidden from what it confines, and goes when the agent ends in order.
 *
 * `owner` names the agent that lives; guards of payloads look at it. Without a state directory it stands in the scratch directory.
 */
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { checked, parseJson } from '../protocol/check.js';
import { GridError } from '../protocol/errors.js';
import { idText } from '../protocol/ids.js';
import { isSameProcess, startTimeOf } from '../protocol/process-id.js';
import { type ProcessName, parseProcessName, processLine } from './guard/program-files.js';

/** An agent's state directory cannot be used: whose it is, or what is wrong. */
export class AgentStateError extends GridError {
  readonly code = 'AGENT_STATE';
}

const agentIdentity = z.object({ agentId: idText, token: z.string(), slot: z.string().min(1) });
export type AgentIdentity = z.infer<typeof agentIdentity>;

export class AgentState {
  readonly directory: string;
  /** The agent before this one, if it did not end in order. */
  readonly former: ProcessName | undefined;
  readonly #isKept: boolean;

  private constructor(directory: string, { former, isKept }: { former: ProcessName | undefined; isKept: boolean }) {
    this.directory = directory;
    this.former = former;
    this.#isKept = isKept;
    write(this.ownerFile, processLine({ pid: process.pid, start: startTimeOf(process.pid) ?? '0' }));
  }

  /** In the scratch directory: nobody comes after this agent. */
  static brief(directory: string): AgentState {
    return new AgentState(directory, { former: undefined, isKept: false });
  }

  /** @throws {AgentStateError} another agent has it, or it cannot be written */
  static open(directory: string): AgentState {
    try {
      mkdirSync(directory, { recursive: true, mode: 0o700 });
      const former = parseProcessName(textOf(join(directory, OWNER)));
      if (former !== undefined && former.pid !== process.pid && isSameProcess(former.pid, former.start))
        throw new AgentStateError(
          `Process ${former.pid} is an agent with the state directory ${directory}: give each agent one of its own.`,
        );
      return new AgentState(directory, { former, isKept: true });
    } catch (cause) {
      if (cause instanceof GridError) throw cause;
      throw new AgentStateError(`The agent cannot use its state directory: ${(cause as Error).message}.`, { cause });
    }
  }

  get ownerFile(): string {
    return join(this.directory, OWNER);
  }

  /** @returns undefined where there is none, or none that can be read: the agent registers anew */
  identity(): AgentIdentity | undefined {
    try {
      return checked(agentIdentity, parseJson(readFileSync(join(this.directory, IDENTITY), 'utf8')));
    } catch {
      return undefined;
    }
  }
  keepIdentity(identity: AgentIdentity): void {
    if (!this.#isKept) return;
    write(join(this.directory, IDENTITY), JSON.stringify(identity));
    this.#dropSecret();
  }
  /** It was given up: the next process of this agent is another one. */
  dropIdentity(): void {
    rmSync(join(this.directory, IDENTITY), { force: true });
  }

  /** A pilot's secret is good for one registration. */
  #dropSecret(): void {
    const text = keptSettings(this.directory);
    const settings = text === undefined ? {} : checked(z.record(z.string(), z.unknown()), parseJson(text));
    if (text !== undefined && settings['secret'] !== '')
      write(join(this.directory, SETTINGS), JSON.stringify({ ...settings, secret: '' }));
  }

  /** The agent ends, and takes its leave of the ProxyServer: nobody comes after it. */
  end(): void {
    for (const name of [IDENTITY, OWNER, SETTINGS, SCRIPT]) rmSync(join(this.directory, name), { force: true });
  }

  /** The script of all guards, as a file. @returns its path */
  writeScript(text: string): string {
    const file = join(this.directory, SCRIPT);
    write(file, text);
    return file;
  }
}

const OWNER = 'owner';
const IDENTITY = 'agent.json';
const SETTINGS = 'settings.json';
const SCRIPT = 'guard.sh';

/** A pilot's settings, for an agent that is started again: their own file is gone. */
export function keepSettings(directory: string, text: string): void {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  write(join(directory, SETTINGS), text);
}
export function keptSettings(directory: string): string | undefined {
  const file = join(directory, SETTINGS);
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
}

function write(file: string, text: string): void {
  writeFileSync(`${file}.new`, text, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}
function textOf(file: string): string {
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
}
