/** Packages as a query needs them: named ones from the ProxyServer, others from a path on this computer (with a `/`, or a .par). */
import { type PackageContents, sha256Of, unpackPackage } from '../../protocol/package-archive.js';
import type { PackageRef } from '../../protocol/package-ref.js';
import type { ServerApi } from '../server-api.js';
import { packPath } from './pack-directory.js';

export interface ClientPackage {
  readonly ref: PackageRef;
  readonly archive: Uint8Array;
  readonly contents: PackageContents;
}

/** Each once, in the order of the words. @param api asked only for names. @throws {RemoteError} one that was not uploaded */
export async function findPackages(words: readonly string[], api: () => ServerApi): Promise<ClientPackage[]> {
  const found = new Map<string, ClientPackage>();
  for (const word of words) {
    const isPath = word.includes('/') || /\.(par|tar|tgz|tar\.gz)$/.test(word);
    const archive = isPath ? packPath(word) : await api().package(word);
    const contents = await unpackPackage(archive);
    found.set(contents.name, { ref: { name: contents.name, sha256: sha256Of(archive) }, archive, contents });
  }
  return [...found.values()];
}

/** The later ones take the place of those of the same name. */
export function withPackages(before: readonly ClientPackage[], more: readonly ClientPackage[]): ClientPackage[] {
  return [...before.filter(({ ref }) => !more.some((one) => one.ref.name === ref.name)), ...more];
}
