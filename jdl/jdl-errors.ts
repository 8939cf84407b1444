/** What can be wrong with a JDL text, in sentences that name the place. */
import { GridError } from '../protocol/errors.js';

export interface Position {
  /** From 1. */
  readonly line: number;
  /** From 1, in characters. */
  readonly column: number;
}

export function positionAt(text: string, offset: number): Position {
  let line = 1;
  let lineStart = 0;
  for (let i = text.indexOf('\n'); i !== -1 && i < offset; i = text.indexOf('\n', i + 1)) {
    line++;
    lineStart = i + 1;
  }
  return { line, column: offset - lineStart + 1 };
}

/** The text is no ClassAd: line, column, what stood there and what could stand there. */
export class JdlParseError extends GridError {
  readonly code = 'JDL_PARSE';
  constructor(
    readonly position: Position,
    readonly found: string,
    readonly expected: string,
    options?: ErrorOptions,
  ) {
    super(`Line ${position.line}, column ${position.column}: found ${found}, expected ${expected}.`, options);
  }
}

/** A text of another language, named. */
export class JdlDialectError extends GridError {
  readonly code = 'JDL_DIALECT';
}

/** `$3` in the text, but no third argument. */
export class JdlArgumentError extends GridError {
  readonly code = 'JDL_ARGUMENT';
  constructor(
    readonly position: Position,
    readonly number: number,
    readonly given: number,
  ) {
    super(
      `Line ${position.line}, column ${position.column}: the JDL asks for argument $${number}, but ` +
        `${given === 0 ? 'none was' : given === 1 ? 'only 1 was' : `only ${given} were`} given. ` +
        'Name the arguments behind the file, in order.',
    );
  }
}

/** An attribute that is missing, or is no value of the type asked for. */
export class JdlAttributeError extends GridError {
  readonly code = 'JDL_ATTRIBUTE';
  constructor(
    readonly attribute: string,
    reason: string,
  ) {
    super(`${attribute}: ${reason}`);
  }
}
