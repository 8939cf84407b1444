/** The catalog daemon's configuration file: every key with its default. */
import { z } from 'zod';
import { listenAddress } from '../protocol/config.js';
import { logLevels } from '../protocol/log.js';

export const catalogConfig = z.strictObject({
  /** Where it serves HTTP; port 0: any free one. */
  listen: listenAddress.prefault('127.0.0.1:1095'),
  /** Its database (catalog.db) and log lie here. */
  stateDir: z.string().min(1),
  /** development: anybody on this machine is who they say; token: JWTs of the ProxyServer. */
  auth: z.enum(['development', 'token']).default('token'),
  /** auth: token: the ProxyServer's key file, its public half (FILE.pub.json) is enough. */
  keyFile: z.string().optional(),
  /** Owner of `/` in a new catalog; default: the user who runs the daemon. */
  owner: z.string().min(1).max(100).optional(),
  /** Users who may do everything, beside the bearers of tokens with the role admin. */
  admins: z.array(z.string().min(1).max(100)).default([]),
  /** Group name -> its users. A user's first group (in this order) is that of what they make; without one it is their name. */
  groups: z.record(z.string().min(1).max(100), z.array(z.string().min(1).max(100))).default({}),
  log: z.strictObject({ level: logLevels.default('info'), terminal: z.boolean().default(false) }).prefault({}),
});
export type CatalogConfig = z.infer<typeof catalogConfig>;
