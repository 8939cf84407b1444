/** HTCondor submit files look a little like JDL and are another language: they are told apart to be refused by name. */

const COMMANDS =
  /^\s*(?:universe|executable|arguments|output|error|log|request_\w+|transfer_\w+|should_transfer_files|when_to_transfer_output|environment|notification)\s*=[^;{}"[\]]*$/im;
const QUEUE = /^[^\S\n]*queue(?:[^\S\n]+[\w$(][^=;]*)?[^\S\n]*$/im;
const MACRO = /\$\((?:Cluster|ClusterId|Process|ProcId|Item)\)/i;

/** True for a text that is no JDL but has a `queue` statement, or submit commands without semicolons. */
export function looksLikeCondorSubmit(text: string): boolean {
  const sample = text.slice(0, 200_000);
  if (/^\s*\[/.test(sample)) return false;
  return QUEUE.test(sample) || (!sample.includes(';') && (COMMANDS.test(sample) || MACRO.test(sample)));
}
