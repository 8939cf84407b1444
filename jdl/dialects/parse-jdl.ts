/**
 * JDL of the dialects that grid users write, to one ad.
 *
 * alien    no brackets (braces around the whole are taken), comment lines with `#`, arguments `$1` …, lists without commas and with bare words
 * glite    brackets, comments with `//`, also lines with `#`; dirac the same, brackets optional
 * classad  the language itself: one ad in brackets
 * An HTCondor submit file is another language and is refused by name.
 */
import type { ClassAd } from '../expression.js';
import { JdlDialectError, JdlParseError, type Position, positionAt } from '../jdl-errors.js';
import { type ParserOptions, parseAd } from '../parser.js';
import { blankComments, type PreparedText, prepareAlienText } from './alien-text.js';
import { looksLikeCondorSubmit } from './condor-submit.js';

export const DIALECTS = ['alien', 'glite', 'dirac', 'classad'] as const;
export type Dialect = (typeof DIALECTS)[number];

export interface JdlWarning {
  readonly attribute: string;
  readonly message: string;
  readonly position?: Position;
}

export interface ParseJdlOptions {
  readonly dialect?: Dialect;
  /** What `$1`, `$2` … stand for; AliEn's dialect only. */
  readonly args?: readonly string[];
  /** Seconds east of Greenwich, for times written without a zone; Greenwich where it is not given. */
  readonly zoneOffset?: (epochSeconds: number) => number;
}

export interface ParsedJdl {
  readonly ad: ClassAd;
  readonly warnings: JdlWarning[];
}

/** Nobody reads more. */
const MOST_WARNINGS = 200;

/**
 * @throws {JdlParseError} line, column, what stood there, what could stand there
 * @throws {JdlArgumentError} an argument is missing
 * @throws {JdlDialectError} an HTCondor submit file
 */
export function parseJdl(text: string, options: ParseJdlOptions = {}): ParsedJdl {
  const source = text.startsWith('\ufeff') ? ` ${text.slice(1)}` : text; // a byte order mark
  const { dialect = 'alien', args = [] } = options;
  const { text: prepared, locate } =
    dialect === 'alien'
      ? withoutBraces(prepareAlienText(source, args))
      : {
          text: dialect === 'classad' ? source : blankComments(source),
          locate: (at: number) => positionAt(source, at),
        };
  const warnings: JdlWarning[] = [];
  const isBare = dialect !== 'classad' && firstSymbol(prepared) !== '[';
  const parserOptions: ParserOptions = {
    isBare: isBare && dialect !== 'glite',
    looseLists: dialect === 'alien',
    locate,
    onDuplicate: (name, at) => {
      if (warnings.length >= MOST_WARNINGS) return;
      warnings.push({ attribute: name, message: `${name} is given twice; the last one counts.`, position: locate(at) });
    },
    ...(options.zoneOffset === undefined ? {} : { zoneOffset: options.zoneOffset }),
  };
  try {
    return { ad: parseAd(prepared, parserOptions), warnings };
  } catch (error) {
    if (error instanceof JdlParseError && looksLikeCondorSubmit(source)) throw condorSubmit(error);
    throw error;
  }
}

const condorSubmit = (cause: JdlParseError): JdlDialectError =>
  new JdlDialectError(
    'This is an HTCondor submit file, not JDL. Write its commands as attributes (Executable = "…"; Arguments = "…";), ' +
      'or give the file to condor_submit.',
    { cause },
  );

/** Some AliEn users put braces around the whole: they become blanks. A list cannot stand there. */
function withoutBraces({ text, locate }: PreparedText): PreparedText {
  const last = text.trimEnd().length - 1;
  if (firstSymbol(text) !== '{' || text[last] !== '}') return { text, locate };
  const first = text.indexOf('{');
  return { text: `${text.slice(0, first)} ${text.slice(first + 1, last)} ${text.slice(last + 1)}`, locate };
}

/** The first character that is neither blank nor in a comment. */
function firstSymbol(text: string): string {
  const skipped = /^(?:\s|\/\/[^\n]*|\/\*(?:[^*]|\*(?!\/))*\*\/)*/.exec(text);
  return text.charAt(skipped?.[0].length ?? 0);
}
