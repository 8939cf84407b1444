/**
 * mocha's spec output, then two lines that a person and a script can both read: why tests were skipped (if any),
 * and 'N passed, N failed, N skipped' alone on the last line, from mocha's own counts.
 */
import Mocha from 'mocha';

/** Tests call this instead of a bare `this.skip()`, so that the summary can say why. */
export function skipBecause(context: Mocha.Context, why: string): never {
  const test = context.test ?? context.currentTest;
  if (test !== undefined) reasons.set(why, (reasons.get(why) ?? 0) + 1);
  return context.skip();
}
const reasons = new Map<string, number>();

export default class SummaryReporter extends Mocha.reporters.Spec {
  constructor(runner: Mocha.Runner, options: Mocha.MochaOptions) {
    super(runner, options);
    runner.once(Mocha.Runner.constants.EVENT_RUN_END, () => {
      // Mocha prints its epilogue on the same event; the summary must come after it.
      process.once('exit', () => {
        const { passes, failures, pending } = runner.stats ?? { passes: 0, failures: 0, pending: 0 };
        if (reasons.size > 0) console.log(`skipped: ${[...reasons.keys()].join('; ')}`);
        console.log(`${passes} passed, ${failures} failed, ${pending} skipped`);
      });
    });
  }
}
