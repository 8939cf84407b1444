/** Classes that every reader knows: for files whose writer left them out of the streamer infos, as some that are not ROOT do. */
import { layoutsFor } from '../write/class-layouts.js';
import { RecordBuffer } from '../write/record-buffer.js';
import { writeStreamerInfos } from '../write/streamer-info.js';

const WANTED = [
  ...['TTree', 'TBranch', 'TLeafO', 'TLeafB', 'TLeafS', 'TLeafI', 'TLeafL', 'TLeafF', 'TLeafD', 'TLeafC', 'TObjString'],
  'TFriendElement',
  ...['TH1F', 'TH1D', 'TH2F', 'TH2D', 'TH3F', 'TH3D', 'TProfile', 'TGraph'],
];
const LAYOUTS = layoutsFor(WANTED);

export const STANDARD_CLASSES: ReadonlySet<string> = new Set(LAYOUTS.map(({ name }) => name));

/** The bytes of a StreamerInfo record that describes them, without a key. */
export function standardStreamerInfos(): Buffer {
  const buffer = new RecordBuffer();
  writeStreamerInfos(buffer, LAYOUTS);
  return Buffer.from(buffer.bytes);
}
