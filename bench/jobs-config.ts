/** The configuration of the queue's benchmark, read as any other: defaults count. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ProxyConfig, readProxyConfig } from '../proxy-server/config.js';

export function benchConfig(folder: string): ProxyConfig {
  const file = join(folder, 'proxy.yaml');
  writeFileSync(
    file,
    `listen: 127.0.0.1:0\nstateDir: ${folder}\nauth: development\ncatalog: none\nquotas: { default: { maxUnfinished: null } }\n` +
      'sites: [{ name: S, type: local, packages: ["VO_ALICE@ROOT::v6"], partitions: [analysis] }]\n',
  );
  return readProxyConfig(file);
}
