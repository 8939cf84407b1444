/**
 * Errors thrown on purpose: a stable code for programs, a sentence with the next step for people.
 * Codes are listed in docs/errors.md and never given a new meaning. Anything else that reaches a main.ts is a bug.
 */
export abstract class GridError extends Error {
  abstract readonly code: string;
  /** Can the same call succeed later, unchanged? */
  readonly retryable: boolean = false;
  override get name(): string {
    return this.constructor.name;
  }
}

/** What crosses HTTP and wire. */
export interface ErrorBody {
  readonly code: string;
  readonly message: string;
}

/** An error that another process reported by code and sentence. */
export class RemoteError extends GridError {
  constructor(
    readonly code: string,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** Command line, configuration or request that cannot be meant: exit status 2. */
export class UsageError extends GridError {
  readonly code = 'USAGE';
}

export function errorBody(error: unknown): ErrorBody {
  if (error instanceof GridError) return { code: error.code, message: error.message };
  return { code: 'INTERNAL', message: error instanceof Error ? error.message : String(error) };
}
