/** The ProxyServer's configuration: defaults, and set-ups that are refused. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { type ProxyConfig, readProxyConfig } from '../../../proxy-server/config.js';
import { withConfigFile } from '../../support/config-file.js';

const read = (text: string): ProxyConfig => withConfigFile(text, readProxyConfig);
const refusal = (text: string): string => {
  try {
    read(text);
  } catch (error) {
    return (error as Error).message;
  }
  return 'accepted';
};
const BASE = 'listen: 127.0.0.1:0\nstateDir: state\nauth: development\n';

describe('proxy-server: configuration', () => {
  it('takes the smallest one, with defaults for the rest', () => {
    const config = read(`${BASE}sites: [{ name: S, type: local, min: 2, cores: 1 }]\n`);
    expect(config.listen).to.deep.equal({ host: '127.0.0.1', port: 0 });
    expect(config).to.deep.include({
      auth: 'development',
      catalog: 'embedded',
      heartbeatMs: 2000,
      orphanedAfterS: 300,
    });
    expect(config.sites[0]).to.deep.include({ name: 'S', type: 'local', min: 2, max: 2, cores: 1 });
    expect(config.stateDir).to.match(/^\/.*\/state$/);
  });

  it('refuses what is unsafe', () => {
    expect(refusal(BASE.replace('127.0.0.1', '0.0.0.0'))).to.contain('loopback only');
    expect(refusal('listen: 0.0.0.0:1093\nstateDir: s\n')).to.contain('tls');
  });

  it('refuses what cannot be meant, by name', () => {
    expect(refusal(`${BASE}sites: [{ name: S, type: local, mim: 2 }]\n`))
      .to.contain('sites.0.mim')
      .and.to.contain('Did you mean min');
    expect(refusal(`${BASE}sites: [{ name: S, type: local, min: 2, max: 1 }]\n`)).to.contain('max 1 below min 2');
    expect(refusal(`${BASE}sites: [{ name: S, type: local }, { name: S, type: local }]\n`)).to.contain(
      'two sites are named S',
    );
    expect(refusal(`${BASE}sites: [{ name: S, type: local, ttlS: 600 }]\n`)).to.contain(
      'site S: agents drain drainBeforeEndS 600 before their slot ends, which is all of ttlS 600',
    );
    expect(refusal('listen: here\nstateDir: s\n')).to.contain('HOST:PORT');
  });

  it('speaks of keys that a site of this type takes', () => {
    const site = (text: string): string => refusal(`${BASE}sites:\n  - ${text}\n`).replace(/^.*?: /, '');
    const typo = site('{ name: S, type: local, mim: 2 }');
    expect(typo).to.match(/^unknown key sites\.0\.mim\. Did you mean min\? Known for type local: name, min, .*scratch/);
    expect(typo).not.to.match(/partition,|queue|sshOptions|certificate/);
    expect(site('{ name: S, type: slurm, partitoin: x }')).to.match(/Did you mean partition\? Known for type slurm: /);
    expect(site('{ name: S, type: local, account: alice }')).to.match(
      /^unknown key sites\.0\.account, which is a key of sites of type slurm\. Known for type local: /,
    );
    expect(site('{ name: S, type: local, queue: long }')).to.contain('a key of sites of type gridengine or arc.');
    expect(site('{ name: S, type: ssh, host: h, remote: { type: slurm, quota: x } }')).to.match(
      /^unknown key sites\.0\.remote\.quota\. Known for type slurm: .*partition/,
    );
  });

  it('says which types of sites there are', () => {
    const site = (text: string): string => refusal(`${BASE}sites:\n  - ${text}\n`).replace(/^.*?: /, '');
    const types = 'local, slurm, gridengine, htcondor, ssh or arc';
    expect(site('{ name: S, type: slrum }')).to.equal(`sites.0.type must be ${types}, not slrum. Did you mean slurm?`);
    expect(site('{ name: S, type: pbs, queue: x }')).to.equal(`sites.0.type must be ${types}, not pbs.`);
    expect(site('{ name: S, min: 2 }')).to.equal(`sites.0.type is missing: it must be ${types}.`);
    expect(site('{ name: S, tpye: local }')).to.equal(
      `sites.0.type is missing, or mistyped as tpye: it must be ${types}.`,
    );
  });

  it('has every key in docs/proxy-server.md', () => {
    const docs = readFileSync(join(import.meta.dirname, '../../../../docs/proxy-server.md'), 'utf8');
    const { file: _file, sites, ...keys } = read(`${BASE}sites: [{ name: S, type: local }]\n`);
    const optional = ['publicUrl', 'tls', 'catalogTokenFile', 'scratch'];
    const rows = docs
      .split('\n')
      .filter((line) => line.startsWith('| '))
      .map((line) => line.split('|')[1]!);
    const missing = [...Object.keys(keys), ...Object.keys(sites[0]!), ...optional].filter(
      (key) => !rows.some((row) => row.split(/[\s,]+/).includes(key)),
    );
    expect(missing).to.deep.equal([]);
  });
});
