/** `proof jdl` as a process: streams answers while requests still come, and says with its exit status what it found. */
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect } from 'chai';

const command = join(import.meta.dirname, '../../client/main.js');

describe('proof jdl', () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'proof-jdl-'));
  });
  after(() => {
    rmSync(folder, { recursive: true });
  });
  const proof = (...words: string[]) =>
    spawnSync(process.execPath, [command, 'jdl', ...words], { encoding: 'utf8', cwd: folder });

  it('eval answers each line before the next one comes', async () => {
    const child = spawn(process.execPath, [command, 'jdl', 'eval'], { stdio: ['pipe', 'pipe', 'inherit'] });
    const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    for (const n of [1, 2, 3]) {
      child.stdin.write(`{"expr": "${n} + ${n}"}\n`);
      expect((await answers.next()).value).to.equal(`{"type":"integer","value":"${2 * n}"}`);
    }
    child.stdin.end('{"expr": "("}');
    expect((await answers.next()).value).to.equal('{"type":"parse_error","where":"expr"}');
    expect((await answers.next()).done).to.equal(true);
    expect(await new Promise((resolve) => child.once('close', resolve))).to.equal(0);
  });

  it('check, print and match', () => {
    writeFileSync(
      join(folder, 'job.jdl'),
      'Executable = "/bin/$1";\nRequirements = other.TTL > 5 && other.Nope;\nExecutabel = 1;',
    );
    writeFileSync(join(folder, 'bad.jdl'), 'Executable = "/bin/x";\nTTL = {;');
    writeFileSync(join(folder, 'wrong.jdl'), 'Executable = "/bin/x";\nTTL = "soon";');
    writeFileSync(join(folder, 'agent.jdl'), 'TTL = 9; Requirements = true');
    writeFileSync(join(folder, 'sleep.sub'), 'executable = /bin/sleep\nqueue 1\n');
    const good = proof('check', 'job.jdl', 'date');
    expect([good.status, good.stdout]).to.deep.equal([
      0,
      'job.jdl: warning: Executabel is no attribute of a job. Did you mean Executable?\njob.jdl: good\n',
    ]);
    expect(proof('print', 'job.jdl', 'date').stdout).to.contain('Executable = "/bin/date";');
    expect([proof('check', 'bad.jdl').status, proof('check', 'bad.jdl').stderr]).to.deep.equal([
      1,
      'proof: Line 2, column 8: found ";", expected a value, a name, "(", "{" or "[", or "}". [JDL_PARSE]\n',
    ]);
    expect([proof('check', 'wrong.jdl').status, proof('check', 'wrong.jdl').stdout]).to.deep.equal([
      1,
      'wrong.jdl: error: TTL: "soon" is not a number.\n',
    ]);
    writeFileSync(join(folder, 'zip.jdl'), 'Executable = "/bin/x";\nInputZip = {"a.zip"};');
    expect([proof('check', 'zip.jdl').status, proof('check', 'zip.jdl').stdout]).to.deep.equal([
      1,
      'zip.jdl: error: InputZip is not served: archives are not unpacked: name their members, or unpack in the program.\n',
    ]);
    expect(proof('check', 'sleep.sub').stderr).to.contain('HTCondor submit file');
    expect(proof('check', 'job.jdl').stderr).to.contain('$1, but none was given');
    expect(proof('check', 'nowhere.jdl').status).to.equal(2);
    writeFileSync(join(folder, 'plain.jdl'), 'Requirements = other.TTL > 5 && other.Nope');
    const match = proof('match', 'plain.jdl', 'agent.jdl');
    expect([match.status, match.stdout]).to.deep.equal([
      1,
      'plain.jdl does not want agent.jdl\nagent.jdl wants plain.jdl\n  undefined: other.Nope\n',
    ]);
    expect(JSON.parse(proof('match', 'plain.jdl', 'agent.jdl', '--json').stdout)).to.include({ symmetricMatch: false });
    expect(JSON.parse(proof('check', 'wrong.jdl', '--json').stdout)).to.deep.equal({
      ...{ file: 'wrong.jdl', isGood: false, warnings: [] },
      problems: [{ attribute: 'TTL', message: 'TTL: "soon" is not a number.' }],
    });
  });
});
