/**
 * Users' code in the process of the command: it cannot end a query as if all were well. `process.exit` throws there, with the user's line, as any
 * error of that code; what waits for something that never comes, so that nothing keeps Node.js going, is told at the end.
 */
const exit = process.exit.bind(process);

/** For what of ours may end the process while users' code runs. */
export function endProcess(status: number): never {
  process.off('exit', tellUnfinished);
  return exit(status);
}

export async function runningUsersCode<T>(run: () => Promise<T>): Promise<T> {
  process.exit = refuseExit;
  process.on('exit', tellUnfinished);
  try {
    return await run();
  } finally {
    process.off('exit', tellUnfinished);
    process.exit = exit;
  }
}

function refuseExit(status?: number | string | null): never {
  throw new Error(
    `The selector's code called process.exit(${status ?? ''}), which would end the whole query: throw an error for an entry, or just return.`,
  );
}

function tellUnfinished(): void {
  process.stderr.write(
    "proof: The query is not done: the selector's code waits for what never comes. [ANALYSIS_USER_CODE]\n",
  );
  process.exitCode = 1;
}
