/** The command line as a whole: every command tells what it does, and the examples are commands that there are. */

import { expect } from 'chai';
import type { Command } from 'commander';
import { EXAMPLES } from '../../../client/commands/examples.js';
import { buildProgram } from '../../../client/program.js';

describe('client: the command line', () => {
  const commands = new Map<string, Command>();
  before(async () => {
    const visit = (command: Command, words: string): void => {
      commands.set(words, command);
      for (const part of command.commands) visit(part, `${words} ${part.name()}`.trim());
    };
    visit(await buildProgram([]), '');
  });

  it('describes every command and every option', () => {
    const silent = [...commands].flatMap(([words, command]) => [
      ...(command.description() === '' ? [words] : []),
      ...command.options.filter(({ description }) => description === '').map(({ flags }) => `${words} ${flags}`),
    ]);
    expect(silent).to.deep.equal([]);
  });

  it('has examples of commands and options that are there', () => {
    for (const [words, lines] of Object.entries(EXAMPLES)) {
      expect(commands.has(words), words).to.equal(true);
      for (const line of lines) {
        const parts = line
          .replace(/^proof /, '')
          .split(/ {2,}/)[0]!
          .split(' ');
        const two = commands.get(parts.slice(0, 2).join(' '));
        const command = two ?? commands.get(parts[0]!)!;
        expect(command, line).not.to.equal(undefined);
        const flags = command.options.flatMap(({ long, short }) => [long, short]);
        for (const flag of parts.filter((part) => /^--?[a-z]/.test(part)))
          if (!['ps', 'masterjob'].includes(parts[0]!)) expect(flags, line).to.include(flag);
      }
    }
  });
});
