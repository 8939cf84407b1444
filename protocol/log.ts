/** Logs by winston: JSON lines to a file, readable lines to standard error. Secrets never reach it: callers log ids. */
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import winston from 'winston';
import { z } from 'zod';
import { plainLines } from './plain-text.js';

export type Logger = winston.Logger;

export const logLevels = z.enum(['error', 'warn', 'info', 'debug']);

export interface LogOptions {
  /** Which program: `proxy-server`, `catalog`, `agent`, `master`. */
  readonly program: string;
  readonly level: z.infer<typeof logLevels>;
  /** JSON lines go here; null: no file. It is rotated at 20 MB, five are kept. */
  readonly file: string | null;
  /** Readable lines on standard error. */
  readonly terminal: boolean;
}

export function createLogger(options: LogOptions): Logger {
  const transports: winston.transport[] = [];
  if (options.file !== null) {
    mkdirSync(dirname(options.file), { recursive: true });
    transports.push(
      new winston.transports.File({
        filename: options.file,
        maxsize: 20_000_000,
        maxFiles: 5,
        tailable: true,
        format: winston.format.json(),
      }),
    );
  }
  if (options.terminal)
    transports.push(
      new winston.transports.Console({ stderrLevels: ['error', 'warn', 'info', 'debug'], format: readable }),
    );
  return winston.createLogger({
    level: options.level,
    format: winston.format.timestamp(),
    defaultMeta: { program: options.program },
    silent: transports.length === 0,
    transports,
  });
}

const readable = winston.format.printf(({ level, message, timestamp, program, ...fields }) => {
  const rest = Object.entries(fields)
    .map(([name, value]) => ` ${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join('');
  const line = `${String(timestamp)} ${String(program)} ${level}: ${String(message)}${rest}`;
  return process.stderr.isTTY ? plainLines(line) : line; // peers have a say in it
});
