/** Which servers and files failed lately, so that they are tried last. Pure: the time comes with each question. */
import {
  AuthenticationError,
  NoSuchFileError,
  NotAFileError,
  OtherSizeError,
  PermissionError,
  type StorageError,
  TruncatedReadError,
} from './errors.js';
import { displayUrl, schemeOf } from './url.js';

const MAX_ENTRIES = 10_000;

export class AvoidList {
  readonly #untilMs = new Map<string, number>();

  /** A fault of the file is held against the file; any other against all files of its server. */
  add(url: string, error: StorageError, untilMs: number): void {
    const key = isFaultOfFile(error) ? displayUrl(url) : serverOf(url);
    this.#untilMs.delete(key); // to the end: the oldest entries are dropped first
    this.#untilMs.set(key, untilMs);
    for (const oldest of this.#untilMs.keys()) {
      if (this.#untilMs.size <= MAX_ENTRIES) break;
      this.#untilMs.delete(oldest);
    }
  }

  isAvoided(url: string, nowMs: number): boolean {
    return [displayUrl(url), serverOf(url)].some((key) => {
      const untilMs = this.#untilMs.get(key);
      if (untilMs === undefined) return false;
      if (nowMs < untilMs) return true;
      this.#untilMs.delete(key);
      return false;
    });
  }

  /** The same URLs in the same order, but the avoided ones behind all others. */
  sorted(urls: readonly string[], nowMs: number): string[] {
    const avoided = new Set(urls.filter((url) => this.isAvoided(url, nowMs)));
    return [...urls.filter((url) => !avoided.has(url)), ...avoided];
  }
}

function isFaultOfFile(error: StorageError): boolean {
  return [
    NoSuchFileError,
    NotAFileError,
    PermissionError,
    AuthenticationError,
    OtherSizeError,
    TruncatedReadError,
  ].some((kind) => error instanceof kind);
}

/** `root://host:port`; a local file stands for itself. */
function serverOf(url: string): string {
  const scheme = schemeOf(url);
  const shown = displayUrl(url);
  return scheme === undefined || scheme === 'file' ? shown : (/^[^:]+:\/\/[^/]*/.exec(shown)?.[0] ?? shown);
}
