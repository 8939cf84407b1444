/** Users' packages, as files below `stateDir/packages`: archives by SHA-256, and NAME.json, which says what each is; checked before they are kept; a user's own only, within a quota. */
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { checked } from '../protocol/check.js';
import { GridError } from '../protocol/errors.js';
import { type PackageInfo, sha256Of, unpackPackage } from '../protocol/package-archive.js';
import { packageName } from '../protocol/package-ref.js';

/** The user has no package of that name here. */
export class NoSuchPackageError extends GridError {
  readonly code = 'PROXY_NO_SUCH_PACKAGE';
}
/** The user's packages would be more than the quota. */
export class PackageQuotaError extends GridError {
  readonly code = 'PROXY_PACKAGE_QUOTA';
}

const SIDE = '.json';

export class PackageStore {
  readonly #directory: string;
  readonly #quotaBytes: number;
  #last: Promise<unknown> = Promise.resolve();
  constructor(directory: string, quotaBytes: number) {
    this.#directory = directory;
    this.#quotaBytes = quotaBytes;
  }

  /** Takes the place of an older one of that name. @throws {PackageArchiveError | PackageQuotaError} */
  keep(user: string, archive: Uint8Array, uploadedAt: number): Promise<PackageInfo> {
    // One after the other: what one takes unpacked is bounded, many at once are not; and the quota is that of all.
    const kept = this.#last.then(() => this.#keep(user, archive, uploadedAt));
    this.#last = kept.catch(() => {});
    return kept;
  }
  async #keep(user: string, archive: Uint8Array, uploadedAt: number): Promise<PackageInfo> {
    const { name, files } = await unpackPackage(archive);
    const others = this.list(user).filter((one) => one.name !== name);
    const total = others.reduce((sum, { bytes }) => sum + bytes, archive.length);
    if (total > this.#quotaBytes)
      throw new PackageQuotaError(
        `Your packages would take ${total} bytes; you may keep ${this.#quotaBytes}. "proof packages clear NAME" makes room.`,
      );
    const info = { name, sha256: sha256Of(archive), files: files.length, bytes: archive.length, uploadedAt };
    mkdirSync(this.#folder(user), { recursive: true, mode: 0o700 });
    this.#write(user, `${info.sha256}`, archive);
    const before = this.list(user).find((one) => one.name === name);
    this.#write(user, `${name}${SIDE}`, JSON.stringify(info));
    if (before !== undefined && before.sha256 !== info.sha256)
      rmSync(join(this.#folder(user), before.sha256), { force: true });
    return info;
  }

  list(user: string): PackageInfo[] {
    const folder = this.#folder(user);
    try {
      return readdirSync(folder)
        .filter((file) => file.endsWith(SIDE))
        .toSorted()
        .map((file) => JSON.parse(readFileSync(join(folder, file), 'utf8')) as PackageInfo);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw error;
    }
  }
  /** @throws {NoSuchPackageError} */
  read(user: string, name: string): Buffer {
    return readFileSync(join(this.#folder(user), this.#get(user, name).sha256));
  }
  /** @throws {NoSuchPackageError} */
  clear(user: string, name: string): void {
    const { sha256 } = this.#get(user, name);
    rmSync(join(this.#folder(user), `${name}${SIDE}`), { force: true });
    rmSync(join(this.#folder(user), sha256), { force: true });
  }

  #get(user: string, name: string): PackageInfo {
    const found = this.list(user).find((one) => one.name === checked(packageName, name, 'name of a package'));
    if (found !== undefined) return found;
    const known =
      this.list(user)
        .map((one) => one.name)
        .join(', ') || 'none';
    throw new NoSuchPackageError(
      `You have no package ${name} here (yours: ${known}). "proof packages upload DIRECTORY" sends one.`,
    );
  }
  /** Whole or not there. */
  #write(user: string, file: string, content: Uint8Array | string): void {
    const path = join(this.#folder(user), file);
    writeFileSync(`${path}.new`, content, { mode: 0o600 });
    renameSync(`${path}.new`, path);
  }
  /** Names of users from other issuers may hold anything. */
  #folder(user: string): string {
    return join(this.#directory, Buffer.from(user).toString('base64url'));
  }
}
