/**
 * The server's certificate and key, from files that are looked at again now and then: renewed ones are taken for new connections without a
 * restart; ones that do not fit together, or cannot be read, are told in the log and the former stay.
 */
import { X509Certificate } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import type { Server } from 'node:https';
import { checkServerIdentity, createSecureContext, type SecureContextOptions } from 'node:tls';
import { configPath } from '../protocol/config.js';
import { GridError } from '../protocol/errors.js';
import { fileProblem } from '../protocol/file-problem.js';
import type { Logger } from '../protocol/log.js';

/** Certificate, key or authority cannot be used: which file, and why. */
export class TlsFilesError extends GridError {
  readonly code = 'PROXY_TLS_FILES';
}

export interface TlsFiles {
  readonly cert: string;
  readonly key: string;
  /** Authorities of users' certificates; none: certificates are not asked for. */
  readonly clientCa: string | null;
}

export class ServerTls {
  readonly #files: TlsFiles;
  #seen: string;

  /** @param configFile relative paths are relative to it. @throws {TlsFilesError} at the start, where nothing has gone wrong yet */
  constructor(files: TlsFiles, configFile: string) {
    const resolve = (path: string): string => configPath(configFile, path);
    this.#files = {
      cert: resolve(files.cert),
      key: resolve(files.key),
      clientCa: files.clientCa === null ? null : resolve(files.clientCa),
    };
    this.#seen = this.#stamp();
    this.#read();
  }

  options(): SecureContextOptions & { requestCert: boolean; rejectUnauthorized: boolean } {
    // A certificate of nobody we know is no reason to hang up: tokens are the usual way in.
    return { ...this.#read(), requestCert: this.#files.clientCa !== null, rejectUnauthorized: false };
  }

  /** Why those who are told to come to `url` will not trust the certificate, as Node.js checks it; undefined: it names that address. */
  mistrust(url: string): string | undefined {
    const host = new URL(url).hostname.replace(/^\[|\]$/g, '');
    const certificate = new X509Certificate(readText(this.#files.cert));
    if (checkServerIdentity(host, certificate.toLegacyObject()) === undefined) return undefined;
    const names = certificate.subjectAltName ?? certificate.subject.replaceAll('\n', ', ');
    return `agents and clients are told to come to ${url}, but ${this.#files.cert} is for ${names}: set publicUrl to an address that it names`;
  }

  /** Takes files that have changed. */
  refresh(server: Pick<Server, 'setSecureContext'>, log: Logger): void {
    const now = this.#stamp();
    if (now === this.#seen) return;
    this.#seen = now;
    try {
      server.setSecureContext(this.#read());
      log.info('the TLS certificate was read anew', { cert: this.#files.cert });
    } catch (error) {
      log.error(`the renewed TLS files are not taken: ${(error as Error).message}`);
    }
  }

  #read(): SecureContextOptions {
    const { cert, key, clientCa } = this.#files;
    const options = {
      cert: readText(cert),
      key: readText(key),
      ...(clientCa === null ? {} : { ca: readText(clientCa) }),
      minVersion: 'TLSv1.2' as const,
    };
    try {
      createSecureContext(options);
    } catch (cause) {
      throw new TlsFilesError(`${cert} and ${key} are no certificate with its key: ${(cause as Error).message}.`, {
        cause,
      });
    }
    return options;
  }

  #stamp(): string {
    const { cert, key, clientCa } = this.#files;
    return [cert, key, clientCa ?? cert].map(stampOf).join();
  }
}

function stampOf(file: string): string {
  try {
    const { mtimeMs, size, ino } = statSync(file);
    return `${mtimeMs} ${size} ${ino}`;
  } catch {
    return 'gone'; // in the middle of a renewal, or wrong: reading it tells
  }
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new TlsFilesError(`The TLS file ${file} cannot be read: ${fileProblem(cause)}.`, { cause });
  }
}
