/** The house rules that a machine can hold: format and lint, types of the examples, the lock file, the size of files. */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';

const top = join(import.meta.dirname, '../../..');
const run = (command: string, ...args: string[]) =>
  spawnSync(process.execPath, [join(top, 'node_modules', command), ...args], { cwd: top, encoding: 'utf8' });

describe('house rules', () => {
  it('Biome finds nothing to format and no lint', () => {
    const { status, stdout, stderr } = run('@biomejs/biome/bin/biome', 'check', '--diagnostic-level=error', '.');
    expect(status, stdout + stderr).to.equal(0);
  });

  it('the examples compile against the library as users see it', () => {
    const { status, stdout } = run('typescript/bin/tsc', '-p', 'examples');
    expect(status, stdout).to.equal(0);
  });

  it('the lock file pins versions and names no registry', () => {
    const lock = readFileSync(join(top, 'package-lock.json'), 'utf8');
    expect(lock).not.to.match(/"resolved"/);
    expect(readFileSync(join(top, '.npmrc'), 'utf8')).to.contain('omit-lockfile-registry-resolved=true');
  });

  it('no program but the command waits for a child process without doing anything else', () => {
    const waits = ['protocol', 'isolation', 'storage', 'catalog', 'job-agent', 'proxy-server'].flatMap((room) =>
      readdirSync(join(top, room), { recursive: true, encoding: 'utf8' })
        .filter((name) => name.endsWith('.ts'))
        .map((name) => join(room, name))
        .filter((file) => /\b(spawn|exec|execFile)Sync\b/.test(readFileSync(join(top, file), 'utf8'))),
    );
    expect(waits).to.deep.equal([]);
  });

  it('no source file has more than 400 lines', () => {
    const rooms = [
      'protocol',
      'isolation',
      'jdl',
      'storage',
      'rootio',
      'analysis',
      'catalog',
      'job-agent',
      'proxy-server',
      'client',
    ];
    const long = [...rooms, 'bench', 'test', 'examples', 'scripts'].flatMap((room) =>
      readdirSync(join(top, room), { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile() && /\.(tsx?|mjs)$/.test(entry.name))
        .map((entry) => join(entry.parentPath, entry.name))
        .filter((file) => readFileSync(file, 'utf8').split('\n').length > 401),
    );
    expect(long.map((file) => file.slice(top.length + 1))).to.deep.equal([]);
  });
});
