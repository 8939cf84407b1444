/** What every file of this folder exports: `addCommands`, which adds its words to the command line. */
import type { Command } from 'commander';
import type { ProofSession } from '../session/proof-session.js';

/** A line at the prompt of an open session. */
export interface AtPrompt {
  readonly session: ProofSession;
  /** At a terminal: Ctrl-C ends the command, and the prompt goes on. */
  readonly interrupted: AbortSignal | undefined;
}
export interface CommandContext {
  /** Commands that run queries use its session instead of opening their own. */
  readonly prompt: AtPrompt | undefined;
  /** The commands' names. */
  readonly words: readonly string[];
  /** The whole command line anew, for a line at the prompt. */
  readonly build: (words: readonly string[], prompt?: AtPrompt) => Promise<Command>;
}
export type AddCommands = (program: Command, context: CommandContext) => void;
