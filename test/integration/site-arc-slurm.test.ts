/** An ARC computing element in front of a Slurm, asked with bearer tokens of an issuer instead of certificates. */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import { join } from 'node:path';
import { expect } from 'chai';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { z } from 'zod';
import { ArcClient } from '../../proxy-server/sites/arc-client.js';
import { arcShape } from '../../proxy-server/sites/site-settings.js';
import { BatchCluster, batchClusterMissing } from '../support/batch-cluster.js';
import { freePorts } from '../support/free-ports.js';
import { TestProxy } from '../support/proxy-server.js';
import { skipBecause } from '../support/summary-reporter.js';

/** Of a node, as the test's Slurm believes. */
const CORES = 8;

describe('site type arc, with tokens, in front of a Slurm', () => {
  let slurm: BatchCluster | undefined;
  let arc: BatchCluster | undefined;
  let issuer: Server | undefined;
  let proxy: TestProxy | undefined;
  let tokenFile = '';
  let renew: (validS: number) => Promise<void>;

  before(async function () {
    const missing = batchClusterMissing('slurm') ?? batchClusterMissing('arc');
    if (missing !== undefined) skipBecause(this, missing);
    const [port] = await freePorts(1);
    const url = `https://localhost:${port}`;
    slurm = await BatchCluster.start('slurm');
    arc = await BatchCluster.start('arc', { ...slurm.environment, ARC_ISSUER: url });
    const cert = join(arc.folder, 'cert');
    const { publicKey, privateKey } = await generateKeyPair('RS256');
    const keys = [{ ...(await exportJWK(publicKey)), kid: 'test', alg: 'RS256', use: 'sig' }];
    issuer = createServer(
      { cert: readFileSync(`${cert}/host.crt`), key: readFileSync(`${cert}/host.key`) },
      (request, response) => {
        const isAbout = new URL(request.url ?? '/', url).pathname === '/.well-known/openid-configuration';
        response.setHeader('content-type', 'application/json');
        response.end(JSON.stringify(isAbout ? { issuer: url, jwks_uri: `${url}/jwks` } : { keys }));
      },
    );
    await once(issuer.listen(port, '127.0.0.1'), 'listening');
    tokenFile = join(arc.folder, 'token');
    renew = async (validS) => {
      const nowS = Math.floor(Date.now() / 1000);
      const token = new SignJWT({ scope: 'compute.create compute.read compute.cancel', nbf: nowS - 7200 })
        .setProtectedHeader({ alg: 'RS256', kid: 'test' })
        .setIssuer(url)
        .setSubject('factory')
        .setAudience('https://wlcg.cern.ch/jwt/v1/any')
        .setIssuedAt(nowS - 7200)
        .setExpirationTime(nowS + validS);
      writeFileSync(tokenFile, await token.sign(privateKey), { mode: 0o600 });
    };
    await renew(3600);
    const scratch = join(slurm.folder, 'scratch');
    mkdirSync(scratch, { mode: 0o1777 });
    const ce = `url: "${arc.environment['ARC_URL']}", queue: main, ca: ${cert}/ca.crt, tokenFile: ${tokenFile}, scratch: ${scratch}`;
    proxy = new TestProxy(
      `sites: [{ name: CE, type: arc, wholeNode: true, min: 1, max: 2, backOffS: 1, maxBackOffS: 1, ${ce} }]\nfactoryTickS: 1\n`,
    );
    await proxy.start();
  });
  after(async () => {
    await proxy?.stop();
    issuer?.close();
    issuer?.closeAllConnections();
    await arc?.stop();
    await slurm?.stop();
  });

  const queue = (): string[] =>
    slurm!
      .command('squeue', '--noheader', '--format=%A %C %u')
      .trim()
      .split('\n')
      .filter((line) => line !== '');
  const decision = async (): Promise<string> => (await proxy!.sites())[0]!.lastDecision;

  it('hands pilots on to Slurm, as the user that the token is mapped to, and they register, each with a whole node', async () => {
    await proxy!.warm(CORES);
    expect(queue()).to.have.length(1);
    expect(queue()[0]).to.match(new RegExp(` ${CORES} nobody$`));
  });

  it('is told of a token that has expired, keeps its agents meanwhile, and goes on when the token is renewed in its place', async () => {
    const ids = (): Promise<string[]> => proxy!.workers().then((all) => all.map(({ workerId }) => workerId).sort());
    const before = await ids();
    await renew(-3600);
    await proxy!.until(decision, (text) => text.includes('the look failed'));
    expect(await decision()).to.match(/the token in \S+ expired on .*\. Renew it\./);
    expect(await ids()).to.deep.equal(before);
    await renew(3600);
    await proxy!.until(decision, (text) => text.includes('enough'));
  });

  it('lets in a proxy in place of the certificate that it was made of, certificate and key in one file', async () => {
    const cert = join(arc!.folder, 'cert');
    const openssl = (words: string, ...more: string[]) =>
      execFileSync('openssl', [...words.split(' '), ...more], { cwd: cert, stdio: 'pipe' });
    const subject = '/DC=org/DC=nordugrid/DC=ARC/O=TestCA/CN=Pilot Factory/CN=4711';
    writeFileSync(join(cert, 'proxy.ext'), 'proxyCertInfo = critical, language:id-ppl-inheritAll\n'); // RFC 3820
    openssl('req -new -newkey rsa:2048 -nodes -keyout proxy.key -out proxy.csr -subj', subject);
    openssl(
      'x509 -req -in proxy.csr -CA user.crt -CAkey user.key -set_serial 4711 -days 1 -extfile proxy.ext -out proxy.crt',
    );
    const parts = ['proxy.crt', 'proxy.key', 'user.crt'].map((name) => readFileSync(join(cert, name), 'utf8'));
    writeFileSync(join(cert, 'proxy.pem'), parts.join(''), { mode: 0o600 });
    const keys = {
      type: 'arc',
      url: arc!.environment['ARC_URL'],
      ca: join(cert, 'ca.crt'),
      certificate: join(cert, 'proxy.pem'),
    };
    const client = new ArcClient('CE', z.object(arcShape).parse(keys));
    const [job] = await client.submit(['&(executable="/bin/true")(jobname="by proxy")(queue="main")']);
    expect(job).to.have.property('id');
    expect(await client.jobCount()).to.equal(1); // those of the token's identity are not its own
  });

  it('cancels one, which leaves Slurm, and replaces it', async () => {
    const [pilot] = (await proxy!.pilots()).filter(({ state }) => state === 'idle');
    const before = queue();
    await fetch(`${proxy!.url}/v1/pilots/${pilot!.pilotId}`, { method: 'DELETE' });
    await proxy!.until(
      () => proxy!.pilots(),
      (all) => all.some(({ state, pilotId }) => state === 'idle' && pilotId !== pilot!.pilotId),
    );
    await proxy!.until(
      () => Promise.resolve(queue()),
      (now) => !now.includes(before[0]!),
    );
  });
});
