/**
 * Configuration: one YAML file a daemon, checked against one schema. An unknown key is an error that names the nearest known one;
 * a relative path in it is relative to the file.
 */
import { readFileSync } from 'node:fs';
import { isAbsolute, join, resolve } from 'node:path';
import { parse as parseYaml, YAMLParseError } from 'yaml';
import { z } from 'zod';
import { GridError } from './errors.js';
import { fileProblem } from './file-problem.js';
import { type ProblemWords, valueProblem } from './value-problem.js';

/** The configuration cannot be read or means nothing: file, key, what is wrong, what would be right. */
export class ConfigError extends GridError {
  readonly code = 'PROTOCOL_CONFIG';
}

/** Of what is to be written in YAML. */
const OBJECT = 'keys with values ({ key: value })';
const WORDS: ProblemWords = {
  whole: 'the configuration',
  nouns: { array: 'a list ([a, b], or lines that begin with "-")', object: OBJECT, record: OBJECT },
};

const ADDRESS = 'must be HOST:PORT, as in 127.0.0.1:1093';
export const HIGHEST_PORT = 65_535;
/** `host:port`, port 0 for any free one; `[::1]:0` for IPv6. */
export const listenAddress = z
  .string(ADDRESS)
  .regex(/^(\[[0-9a-f:]+\]|[^:]+):\d{1,5}$/i, ADDRESS)
  .transform((text) => {
    const at = text.lastIndexOf(':');
    return { host: text.slice(0, at).replace(/^\[|\]$/g, ''), port: Number(text.slice(at + 1)) };
  })
  .refine(({ port }) => port <= HIGHEST_PORT, `must have a port of ${HIGHEST_PORT} at most`);

/** Of an address or a name. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host); // 127.example.org is anybody
}

/** @throws {ConfigError} */
export function loadConfig<T>(file: string, schema: z.ZodType<T>): T {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new ConfigError(`Cannot read the configuration ${file}: ${fileProblem(cause)}.`, { cause });
  }
  let value: unknown;
  try {
    value = parseYaml(text);
  } catch (cause) {
    const where = cause instanceof YAMLParseError && cause.linePos !== undefined ? `:${cause.linePos[0].line}` : '';
    throw new ConfigError(`${file}${where} is no YAML: ${(cause as Error).message.split('\n')[0]}`, { cause });
  }
  return checkConfig(value ?? {}, schema, file);
}

/** @throws {ConfigError} naming the key; schemas must be strict objects for unknown keys to be refused */
export function checkConfig<T>(value: unknown, schema: z.ZodType<T>, file: string): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new ConfigError(`${file}: ${valueProblem(schema, result.error, value, WORDS)}`);
}

/** A path of the configuration, relative to its file; `~/` is the home directory. */
export function configPath(file: string, path: string): string {
  if (path.startsWith('~/')) return join(process.env['HOME'] ?? '/', path.slice(2));
  return isAbsolute(path) ? path : resolve(file, '..', path);
}
