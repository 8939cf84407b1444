/** Pilots through the REST interface of a real ARC computing element, whose jobs are processes of another user. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import type { BatchCluster } from '../support/batch-cluster.js';
import { describeSite } from '../support/site-scenario.js';

const credentials = (batch: BatchCluster): string => {
  const cert = join(batch.folder, 'cert');
  return `ca: ${cert}/ca.crt, certificate: ${cert}/user.crt, key: ${cert}/user.key`;
};

describeSite({
  kind: 'arc',
  site: (batch) => `url: "${batch.environment['ARC_URL']}", ${credentials(batch)}`,
  says: /ARC computing element .* knows \d+ jobs/,
  translation: /^&\(executable="pilot\.sh"\)/,
  scratch: (batch) => join(batch.folder, 'tmp'),
  lose: (batch, batchId) => {
    const cert = join(batch.folder, 'cert');
    execFileSync('curl', [
      ...['-s', '--cacert', `${cert}/ca.crt`, '--cert', `${cert}/user.crt`, '--key', `${cert}/user.key`],
      ...['-H', 'Content-Type: application/json', '-H', 'Accept: application/json'],
      ...['-d', JSON.stringify({ job: [{ id: batchId }] })],
      `${batch.environment['ARC_URL']}/rest/1.0/jobs?action=kill`,
    ]);
  },
});
