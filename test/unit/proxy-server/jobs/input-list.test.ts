import { expect } from 'chai';
import { readList } from '../../../../catalog/grid/read-list.js';
import { inputListText, mergedList } from '../../../../proxy-server/jobs/input-list.js';
import type { FoundFile } from '../../../../proxy-server/jobs/job-inputs.js';

const file = (lfn: string): FoundFile => ({
  lfn,
  size: 10,
  checksum: 'md5:abc',
  entries: null,
  tree: null,
  replicas: [{ url: 'root://x//f', se: 'A::B::C', site: 'B' }],
  isDownloaded: false,
});
const files = ['/d/1/a&b.root', '/d/1/"c".root', '/d/2/a.root'].map(file);

describe('proxy-server: the list of a job’s input', () => {
  it('is plain: a name a line', () => {
    expect(inputListText('plain', files, undefined)).to.equal('/d/1/a&b.root\n/d/1/"c".root\n/d/2/a.root\n');
  });

  it("is AliEn's XML, an event a file or a directory, and reads back to the same names", () => {
    const single = inputListText('XML-single', files, undefined);
    expect(readList(single, 'x').files.map(({ lfn }) => lfn)).to.deep.equal(files.map(({ lfn }) => lfn));
    expect(single.match(/<event /g)).to.have.length(3);
    expect(single).to.contain(
      '<file name="a.root" lfn="/d/2/a.root" turl="alien:///d/2/a.root" size="10" md5="abc" seName="A::B::C" />',
    );
    const group = inputListText('xml-group', files, undefined);
    expect(group.match(/<event /g)).to.have.length(2);
    expect(readList(group, 'x').files).to.have.length(3);
  });

  it('keeps of a collection what is of this job, with all that the collection says of it', () => {
    const original = `<?xml version="1.0"?><alien><collection name="global">
      <event name="1"><file name="a" lfn="/d/2/a.root" turl="alien:///d/2/a.root" evlist="1,2"/><file name="b" lfn="/e/b"/></event>
      <event name="2"><file name="c" turl="alien:///e/c"/></event><info command="find"/></collection></alien>`;
    expect(mergedList('merge:/d/list.xml')).to.equal('/d/list.xml');
    const text = inputListText('merge:/d/list.xml', files, original);
    expect(text).to.match(/evlist="1,2"/);
    expect(text).to.match(/collection name="global"/);
    expect(text).to.match(/<info command="find"/);
    expect(text).to.not.match(/\/e\/|event name="2"/);
    expect(readList(text, 'x').files.map(({ lfn }) => lfn)).to.deep.equal(['/d/2/a.root']);
    expect(() => inputListText('merge:/x', files, '<alien><collection>')).to.throw('is no XML');
  });
});
