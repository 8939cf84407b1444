/** JSON in which 64-bit integers keep their digits and numbers that JSON does not know are text: "nan", "inf", "-inf". */
export type JsonNumber = number | bigint;

export function jsonText(value: unknown, indent = 0): string {
  return write(value, indent === 0 ? '' : ' '.repeat(indent), '\n');
}

function write(value: unknown, indent: string, newline: string): string {
  if (typeof value === 'number') return Number.isFinite(value) ? JSON.stringify(value) : `"${nonFinite(value)}"`;
  if (typeof value === 'bigint') return value.toString();
  if (value === null || typeof value !== 'object') return JSON.stringify(value) ?? 'null';
  const isArray = Array.isArray(value) || ArrayBuffer.isView(value);
  const inner = newline + indent;
  const parts = isArray
    ? Array.from(value as ArrayLike<unknown>, (item) => write(item, indent, inner))
    : Object.entries(value)
        .filter(([, item]) => item !== undefined && typeof item !== 'function')
        .map(([key, item]) => `${JSON.stringify(key)}:${indent === '' ? '' : ' '}${write(item, indent, inner)}`);
  const [open, close] = isArray ? ['[', ']'] : ['{', '}'];
  if (parts.length === 0) return open + close;
  return indent === '' ? open + parts.join(',') + close : `${open}${inner}${parts.join(`,${inner}`)}${newline}${close}`;
}

function nonFinite(value: number): string {
  return Number.isNaN(value) ? 'nan' : value > 0 ? 'inf' : '-inf';
}
