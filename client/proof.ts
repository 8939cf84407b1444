/** The `proof` command: runs what the command line names and turns its end into an exit status. */
import { errorBody } from '../protocol/errors.js';
import { reportFailure } from './exit-status.js';
import { buildProgram } from './program.js';
import { endProcess } from './run/users-code.js';
import { watchStdout } from './show/stdout-errors.js';
import { complain } from './show/tell.js';

watchStdout();
process.stderr.on('error', () => {}); // the terminal is gone: there is nobody to tell

// Of a selector's timers and promises, which nobody awaits, in a run of this process: the answer cannot be trusted.
process.on('unhandledRejection', (error) => {
  complain(`proof: A promise was rejected and nobody handled it: ${errorBody(error).message}`);
  endProcess(1);
});
process.on('uncaughtException', (error) => {
  complain(`proof: An error was thrown and nobody handled it: ${errorBody(error).message}`);
  if (process.env['PROOF_DEBUG']) process.stderr.write(`${error.stack}\n`);
  endProcess(1);
});

const words = process.argv.slice(2);
try {
  await (await buildProgram(words)).parseAsync(words, { from: 'user' });
} catch (error) {
  process.exitCode = reportFailure(error);
}
