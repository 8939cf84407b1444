#!/usr/bin/env node
/** The `proof` command: runs what the command line names and turns its end into an exit status. */
import { reportFailure } from './exit-status.js';
import { buildProgram } from './program.js';

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0); // `proof ls | head` is no error
});

const words = process.argv.slice(2);
try {
  await (await buildProgram(words)).parseAsync(words, { from: 'user' });
} catch (error) {
  process.exitCode = reportFailure(error);
}
