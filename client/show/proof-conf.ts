/**
 * The pool as a proof.conf: one master line, one line a worker. Since workers dial out, their `port` is the one ProxyServer port, and
 * `image` names the storage domain near them, as the original used it to keep work close to files.
 */
import { userInfo } from 'node:os';
import type { WorkerInfo } from '../../protocol/api.js';
import type { Opened } from '../../protocol/open-words.js';

export function proofConf(name: string, server: URL, workers: readonly Opened<WorkerInfo>[]): string {
  const port = server.port === '' ? (server.protocol === 'https:' ? '443' : '80') : server.port;
  const lines = workers.map(({ node, user }) => {
    const image = node.storageDomain ?? node.site;
    return `worker ${user ?? userInfo().username}@${node.host} port=${port} image=${image} perf=${node.perf}`;
  });
  return `${[`master ${name}`, ...lines].join('\n')}\n`;
}
