/** A value from outside, as a sentence about it may show it: short, printable, and never a secret. */

/** Names of fields whose values are nobody's to read. */
const SECRET_NAME = /token|secret|passw|passphrase|credential|key$|authz/i;
/** Tokens (JWT), and addresses with a user, a password or a signature in them. */
const SECRET_TEXT = /eyJ|:\/\/[^/\s]*@|:\/\/\S*\?|bearer\s/i;
const SHOWN = 40;

export function shown(path: readonly PropertyKey[], value: unknown): string {
  const isSecret = path.some((step) => typeof step === 'string' && SECRET_NAME.test(step));
  if (isSecret || typeof value === 'object' || (typeof value === 'string' && SECRET_TEXT.test(value)))
    return kindOf(value);
  const short = brief(String(value), SHOWN);
  // Text that reads as something else.
  return typeof value === 'string' && /^([-+\d.].*|true|false|null|)$/.test(value.trim()) ? `"${short}"` : short;
}

/** `sites.0.name`: keys are strangers' words, too. */
export const shownPath = (path: readonly PropertyKey[]): string =>
  path.map((step) => brief(String(step), 2 * SHOWN)).join('.');

function brief(text: string, most: number): string {
  const start = text.slice(0, most).replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '\ufffd');
  return text.length <= most ? start : `${start}…`;
}

export function kindOf(value: unknown): string {
  if (value === null) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (value instanceof Uint8Array) return 'bytes';
  if (typeof value === 'string') return 'text';
  if (typeof value === 'boolean') return 'true or false';
  return typeof value === 'object' ? 'keys with values' : `a ${typeof value}`;
}
