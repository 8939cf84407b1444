/**
 * With what a payload asks catalog and ProxyServer as its user: a client's configuration that names the server and a file with the
 * payload's token, which PROOF_CONFIG points to. It lies beside the payload's working directory: the payload reads it and cannot write
 * there where it is confined, no pattern of its outputs finds it, and it goes when the payload's processes have ended.
 */
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The ProxyServer as the agent reaches it. */
export interface ServerPlace {
  readonly url: string;
  /** PEM of the authority to trust besides the system's. */
  readonly ca: string | null;
}

export class PayloadAccess {
  readonly directory: string;
  readonly #server: ServerPlace;
  #token: string;
  #isOpen: boolean;

  constructor(directory: string, server: ServerPlace, token: string) {
    this.directory = directory;
    this.#server = server;
    this.#token = token;
    this.#isOpen = existsSync(directory); // an earlier agent had opened it
  }

  get config(): string {
    return join(this.directory, 'config.yaml');
  }

  open(): void {
    const { url, ca } = this.#server;
    mkdirSync(this.directory, { recursive: true, mode: 0o700 });
    this.#write('token', this.#token);
    if (ca !== null) this.#write('ca.pem', ca);
    const host = { url, tokenFile: 'token', ...(ca === null ? {} : { ca: 'ca.pem' }) };
    this.#write('config.yaml', JSON.stringify({ hosts: { [new URL(url).host]: host } })); // JSON is YAML
    this.#isOpen = true;
  }

  /** Whoever reads meanwhile has the old one or the new one, whole. */
  renew(token: string): void {
    this.#token = token;
    if (this.#isOpen) this.#write('token', token);
  }

  close(): void {
    this.#isOpen = false;
    rmSync(this.directory, { recursive: true, force: true });
  }

  #write(name: string, text: string): void {
    const file = join(this.directory, name);
    writeFileSync(`${file}.new`, text, { mode: 0o600 });
    renameSync(`${file}.new`, file);
  }
}
