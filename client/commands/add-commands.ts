/** What every file of this folder exports: `addCommands`, which adds its words to the command line. */
import type { Command } from 'commander';
import type { ProofSession } from '../session/proof-session.js';

export interface CommandContext {
  /** The session that is open at the prompt; commands that run queries use it instead of opening their own. */
  readonly session: ProofSession | undefined;
  /** The commands' names. */
  readonly words: readonly string[];
  /** The whole command line anew, for a line at the prompt. */
  readonly build: (words: readonly string[], session?: ProofSession) => Promise<Command>;
}
export type AddCommands = (program: Command, context: CommandContext) => void;
