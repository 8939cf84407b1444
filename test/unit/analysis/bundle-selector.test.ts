import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { bundleSelector } from '../../../analysis/bundle-selector.js';
import { ProgramError, SelectorBuildError } from '../../../analysis/errors.js';
import { loadProgram } from '../../../analysis/load-program.js';
import { makeProgram } from '../../../analysis/program.js';
import { CONTEXT } from '../../support/programs.js';

const SELECTOR = `
import { Selector } from 'proof-grid';
import { mass } from './physics/mass.js';
import cjs from 'old-package';
export default class Bundled extends Selector {
  h = this.h1('h', \`several
lines: \${mass(1)}\`, 10, 0, cjs.limit);
  override process(_entry: number): void { this.h.fill(mass(2)); }
}
`;

describe('analysis: bundles', () => {
  const folder = mkdtempSync(join(tmpdir(), 'proof-test-'));
  after(() => rmSync(folder, { recursive: true }));

  /** The same sources somewhere else. */
  function sources(place: string): string {
    const top = join(folder, place);
    mkdirSync(join(top, 'physics'), { recursive: true });
    mkdirSync(join(top, 'node_modules/old-package'), { recursive: true });
    writeFileSync(join(top, 'selector.ts'), SELECTOR);
    writeFileSync(join(top, 'physics/mass.ts'), 'export const mass = (x: number): number => x * 91.2;\n');
    writeFileSync(
      join(top, 'node_modules/old-package/index.js'),
      "const { sep } = require('path'); module.exports = { limit: 499 + sep.length };\n",
    );
    writeFileSync(
      join(top, 'node_modules/old-package/package.json'),
      '{"name":"old-package","version":"1.0.0","main":"index.js"}',
    );
    return join(top, 'selector.ts');
  }
  const buildError = async (text: string, name = 'wrong.ts'): Promise<SelectorBuildError> => {
    writeFileSync(join(folder, name), text);
    const error: unknown = await bundleSelector(join(folder, name)).catch((thrown: unknown) => thrown);
    expect(error).to.be.instanceOf(SelectorBuildError);
    return error as SelectorBuildError;
  };

  it('have the same SHA-256 wherever the sources lie, also from another working directory and through a link', async () => {
    const one = await bundleSelector(sources('one'));
    const other = await bundleSelector(sources('some/where/else'));
    expect(other.sha256).to.equal(one.sha256);
    cpSync(join(folder, 'one'), join(folder, 'copied'), { recursive: true });
    writeFileSync(
      join(folder, 'copied/tsconfig.json'),
      '{"compilerOptions":{"useDefineForClassFields":false,"target":"es5"}}',
    );
    expect((await bundleSelector(join(folder, 'copied/selector.ts'))).sha256).to.equal(one.sha256);
    symlinkSync(join(folder, 'one'), join(folder, 'linked'));
    expect((await bundleSelector(join(folder, 'linked/selector.ts'))).sha256).to.equal(one.sha256);
    const module = join(import.meta.dirname, '../../../analysis/bundle-selector.js');
    const script = `import(${JSON.stringify(module)}).then(async (m) => console.log((await m.bundleSelector('selector.ts')).sha256))`;
    const elsewhere = spawnSync(process.execPath, ['-e', script], { cwd: join(folder, 'one'), encoding: 'utf8' });
    expect(elsewhere.stdout.trim()).to.equal(one.sha256);
    expect(one.code).to.not.contain(folder);
  });

  it('run: other imports are inside, proof-grid is the running installation', async () => {
    const selector = (await loadProgram(await bundleSelector(sources('run')))).create(CONTEXT);
    expect(selector.output('h')?.title).to.equal('several\nlines: 91.2');
  });

  it('give user, file, line, column and text of a mistake', async () => {
    const error = await buildError(
      `import { Selector } from 'proof-grid';\nexport default class X extends Selector {\n  process( {}\n}\n`,
    );
    expect(error.message).to.match(/^wrong\.ts:\d:\d+: .+/);
    expect((await buildError(`import './missing.js';`)).message).to.contain(
      'wrong.ts:1:8: Could not resolve "./missing.js"',
    );
    const none: unknown = await bundleSelector(join(folder, 'none.ts')).catch((thrown: unknown) => thrown);
    expect((none as Error).message)
      .to.contain('There is no selector')
      .and.contain('none.ts');
  });

  it('are refused where they export no selector, throw at once, or were changed', async () => {
    const failure = async (text: string): Promise<Error> => {
      writeFileSync(join(folder, 'odd.ts'), text);
      const error: unknown = await bundleSelector(join(folder, 'odd.ts'))
        .then(loadProgram)
        .catch((thrown: unknown) => thrown);
      expect(error).to.be.instanceOf(ProgramError);
      return error as Error;
    };
    expect((await failure('export default class {}')).message).to.contain('odd.ts exports no selector');
    expect((await failure('export const x = 1;')).message).to.contain('exports no selector');
    expect((await failure('\n\nthrow new TypeError("at once");')).message).to.contain(
      'TypeError: at once at odd.ts:3:',
    );
    expect(
      (
        await failure(
          `import { Selector } from 'proof-grid'; export default class extends Selector { async process() {} }`,
        )
      ).message,
    ).to.contain('cannot be async');
    const changed = { ...makeProgram('selector', 'x.ts', 'export default 1'), code: 'export default 2' };
    expect(await loadProgram(changed).catch((error: Error) => error.message)).to.contain('arrived changed');
  });

  it('cannot open sessions from a selector', async () => {
    writeFileSync(
      join(folder, 'opens.ts'),
      `import { open, dataset, Selector } from 'proof-grid';
      export default class Opens extends Selector { tried = [open, dataset].map((f) => { try { f(); } catch (e) { return e.message; } }); }`,
    );
    const selector = (await loadProgram(await bundleSelector(join(folder, 'opens.ts')))).create(CONTEXT) as unknown as {
      tried: string[];
    };
    expect(selector.tried[0]).to.contain('opens no session');
    expect(selector.tried[1]).to.contain('given its files');
    const [inside, outside] = await Promise.all([
      import('../../../analysis/user-module.js'),
      import('../../../client/library.js'),
    ]);
    expect(Object.keys(inside)).to.include.members(Object.keys(outside));
  });
});
