/** The pilot's JDL: what the factory writes, sites can read; what people write is checked. */
import { expect } from 'chai';
import { parseJdl, stringsOf } from '../../../../jdl/index.js';
import { readProxyConfig } from '../../../../proxy-server/config.js';
import { examine } from '../../../../proxy-server/factory/examine.js';
import { pilotJdl } from '../../../../proxy-server/factory/pilot-jdl.js';
import { PilotJdlError, readPilotJdl } from '../../../../proxy-server/factory/read-pilot-jdl.js';
import { withConfigFile } from '../../../support/config-file.js';

describe('proxy-server: pilot JDL', () => {
  const site = withConfigFile(
    'stateDir: s\nauth: development\nsites: [{ name: S, type: local, min: 1, cores: 4, ttlS: 7200 }]\n',
    (file) => readProxyConfig(file).sites[0]!,
  );

  it('is a JDL with a Jobtag, from which a site gets cores and time', () => {
    const text = pilotJdl(site, { name: 'voalice06' });
    expect(readPilotJdl(text, 'S')).to.deep.include({
      cores: 4,
      ttlS: 7200,
      comment: 'Pilot job to start Proof Workers',
    });
    expect(stringsOf(parseJdl(text).ad, 'JobTag')).to.deep.equal(['comment: Pilot job to start Proof Workers']);
    expect(text).not.to.match(/secret|token/i);
  });

  it('may be written by hand, numbers as strings, in any letter case', () => {
    const text = 'executable = "/bin/proof-agent";\nttl = "3600"; cpucores = "2"; wholenodes = true;';
    expect(readPilotJdl(text, 'S')).to.deep.equal({
      cores: 2,
      wholeNode: true,
      ttlS: 3600,
      comment: null,
      packages: [],
    });
  });

  it('is refused with a sentence when it is none, or not a pilot', () => {
    const refused = (text: string): string => {
      try {
        readPilotJdl(text, 'S');
      } catch (error) {
        if (error instanceof PilotJdlError) return error.message;
        throw error;
      }
      return 'accepted';
    };
    expect(refused('Executable = "/bin/date";')).to.contain('/bin/date').and.to.contain('proof pilot jdl S');
    expect(refused('Executable = "proof-agent"; CPUCores = 0;')).to.contain('CPUCores');
    expect(refused('Executable = "proof-agent"; TTL = "soon";')).to.contain('TTL');
    expect(refused('Executable = "proof-agent')).to.contain('cannot be used');
  });
});

describe('proxy-server: examination of a pilot', () => {
  it('names the class of a failure and the line that tells it', () => {
    const output = 'starting\n2026 agent error: the disk is full\n    at foo (bar.js:1:1)\n';
    const ended = { state: 'ended' as const, why: null };
    expect(examine({ ...ended, exitStatus: 10 }, output)).to.deep.equal({
      kind: 'unfit node',
      why: 'unfit node: exit status 10: no place to write, or not fit; 2026 agent error: the disk is full',
    });
    expect(examine({ ...ended, exitStatus: null, why: 'killed by SIGKILL' }, '').kind).to.equal('killed');
    expect(examine({ ...ended, exitStatus: 127 }, 'sh: node: not found').why).to.equal(
      'crashed: exit status 127; sh: node: not found',
    );
    expect(examine({ state: 'running', exitStatus: null, why: null }, '').why).to.equal('silent: it left no word');
  });
});
