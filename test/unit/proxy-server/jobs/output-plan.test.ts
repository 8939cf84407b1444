import { expect } from 'chai';
import { type OutputSpec, parseOutputSpec } from '../../../../jdl/index.js';
import { outputDirectory, planOutputs } from '../../../../proxy-server/jobs/output-plan.js';
import { testNode } from '../../../support/nodes.js';

const element = (name: string, more: object = {}) => ({
  name,
  site: name.split('::')[1]!,
  prefix: `root://${name.split('::')[2]!.toLowerCase()}//`,
  status: 'up' as const,
  tags: [] as string[],
  ...more,
});
const elements = [
  element('V::FAR::F1'),
  element('V::NEAR::N1'),
  element('V::TEST::OWN'),
  element('V::TEST::TAPE', { tags: ['tape'] }),
  element('V::ELSE::CLOSE'),
  element('V::TEST::DOWN', { status: 'down' }),
  element('V::TEST::FULL', { status: 'readonly' }),
  element('V::TEST::NOWHERE', { prefix: null }),
];
const all = { elements, distances: [{ site: 'NEAR', other: 'TEST', value: 3 }] };
const node = { ...testNode, closeSEs: ['V::ELSE::CLOSE'] };

const plan = (text: string, from = all): ReturnType<typeof planOutputs>[number] =>
  planOutputs([parseOutputSpec(text) as OutputSpec], from, { node, folder: 'u/1.1' })[0]!;
const named = (text: string): [number, string[]][] =>
  plan(text).targets.map(({ copies, places }) => [copies, places.map(({ se }) => se.split('::')[2]!)]);

describe('proxy-server: where outputs go', () => {
  it('is the nearest elements first, of those that can be written', () => {
    expect(named('a')).to.deep.equal([[2, ['CLOSE', 'OWN', 'N1', 'F1']]]);
    expect(plan('a').targets[0]!.places[0]).to.deep.equal({ se: 'V::ELSE::CLOSE', folder: 'root://close/u/1.1' });
  });

  it('is what an output asks for: kinds, names, exclusions', () => {
    expect(named('a@disk=3')).to.deep.equal([[3, ['CLOSE', 'OWN', 'N1', 'F1']]]);
    expect(named('a@disk:1,tape=1')).to.deep.equal([
      [1, ['CLOSE', 'OWN', 'N1', 'F1']],
      [1, ['TAPE']],
    ]);
    expect(named('a@V::FAR::F1,disk=1,!V::ELSE::CLOSE')).to.deep.equal([
      [1, ['F1']],
      [1, ['OWN', 'N1']],
    ]);
    expect(named('a@v::far::f1')).to.deep.equal([[1, ['F1']]]);
    expect(named('a@V::NO::SUCH')).to.deep.equal([[1, []]]);
  });

  it('asks for no more copies than there are elements where nobody named a number', () => {
    const one = { elements: [elements[0]!], distances: [] };
    expect(plan('a', one).targets.map(({ copies }) => copies)).to.deep.equal([1]);
    expect(plan('a@disk=2', one).targets.map(({ copies }) => copies)).to.deep.equal([2]);
  });

  it('is the ProxyServer where no element can be written: then there are no archives', () => {
    const none = { elements: elements.slice(5), distances: [] };
    expect(plan('x.zip:a,*.log', none)).to.deep.equal({ archive: null, names: ['a', '*.log'], targets: [] });
  });

  it('in the catalog is OutputDir, below the home of the user', () => {
    const directory = (outputDir: string | undefined, isFailed = false): string =>
      outputDirectory({ jobId: 7, outputDir, isFailed }, '/home/alice');
    expect(directory(undefined)).to.equal('/home/alice/alien-job-7');
    expect(directory('~/a/')).to.equal('/home/alice/a');
    expect(directory('~')).to.equal('/home/alice');
    expect(directory('a/b')).to.equal('/home/alice/a/b');
    expect(directory('/alice/sim')).to.equal('/alice/sim');
    expect(directory('/alice/sim', true)).to.equal('/home/alice/recycle/alien-job-7');
  });
});
