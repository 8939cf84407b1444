/** The `proof` command: runs what the command line names and turns its end into an exit status. */
import { errorBody } from '../protocol/errors.js';
import { reportFailure } from './exit-status.js';
import { buildProgram } from './program.js';
import { watchStdout } from './show/stdout-errors.js';

watchStdout();

// A selector's promise that nobody awaits, in a run of this process: the answer cannot be trusted.
process.on('unhandledRejection', (error) => {
  process.stderr.write(`proof: A promise was rejected and nobody handled it: ${errorBody(error).message}\n`);
  process.exit(1);
});

const words = process.argv.slice(2);
try {
  await (await buildProgram(words)).parseAsync(words, { from: 'user' });
} catch (error) {
  process.exitCode = reportFailure(error);
}
