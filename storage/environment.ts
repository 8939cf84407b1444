/**
 * Storage credentials as grid tools find them: for the programs' main.ts, which are the only ones to read the environment.
 * Token: WLCG Bearer Token Discovery (BEARER_TOKEN, BEARER_TOKEN_FILE, $XDG_RUNTIME_DIR/bt_uUID, /tmp/bt_uUID).
 * Authorities: X509_CERT_DIR, or the grid's usual folder.
 * Shared secret: XrdSecSSSKT, or the older spelling XrdSecsssKT.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { StorageOptions } from './storage-options.js';

const GRID_AUTHORITIES = '/etc/grid-security/certificates';

export function storageOptionsFromEnvironment(env: NodeJS.ProcessEnv, uid: number | undefined): StorageOptions {
  const token = env['BEARER_TOKEN']?.trim();
  const tokenFile = env['BEARER_TOKEN_FILE'] || usualTokenFile(env, uid);
  const sssKeytab = env['XrdSecSSSKT'] || env['XrdSecsssKT'];
  const caFolder = env['X509_CERT_DIR'] || (existsSync(GRID_AUTHORITIES) ? GRID_AUTHORITIES : undefined);
  return {
    ...(token ? { token } : tokenFile === undefined ? {} : { tokenFile }),
    ...(sssKeytab ? { sssKeytab } : {}),
    ...(caFolder === undefined ? {} : { caFolder }),
  };
}

function usualTokenFile(env: NodeJS.ProcessEnv, uid: number | undefined): string | undefined {
  if (uid === undefined) return undefined;
  const folders = [env['XDG_RUNTIME_DIR'], '/tmp'].filter((folder) => folder !== undefined && folder !== '');
  return folders.map((folder) => join(folder!, `bt_u${uid}`)).find((path) => existsSync(path));
}
