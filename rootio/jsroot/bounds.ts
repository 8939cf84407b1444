/**
 * Where JSROOT would believe any length that a file claims: streamer elements are checked once when they are learnt, and its reader of
 * TClonesArrays, which makes all objects before it reads one, is replaced.
 */
import { addUserStreamer, type StreamedObject, type TBuffer } from './jsroot.js';

/** Of fixed dimensions, as ROOT's own streamer elements have place for. */
const MOST_DIMENSIONS = 5;
/** Values in a fixed array: beyond any class that was ever written. */
const LONGEST_ARRAY = 2 ** 24;

/** @throws {Error} for an element that no compiler could have laid out */
export function checkElement(info: string, element: StreamedObject): void {
  const dimensions = Number(element['fArrayDim']);
  const length = Number(element['fArrayLength']);
  const indices = Array.from((element['fMaxIndex'] ?? []) as ArrayLike<unknown>, Number).slice(0, dimensions);
  const product = indices.reduce((size, index) => size * index, 1);
  // In a base class's element the places of the dimensions hold its checksum.
  const isBase = element['_typename'] === 'TStreamerBase';
  if (
    !(
      dimensions <= MOST_DIMENSIONS &&
      length <= LONGEST_ARRAY &&
      (isBase || dimensions === 0 || product <= LONGEST_ARRAY)
    )
  )
    throw new Error(
      `the member ${String(element['fName'])} of ${info} claims ${dimensions} dimensions and ${length} values`,
    );
}

/** Registers the readers that stand in for JSROOT's own. */
export function boundStreamers(): void {
  addUserStreamer('TClonesArray', readClonesArray);
}

/** Objects of one class, member by member. Source: ROOT, core/cont/src/TClonesArray.cxx, TClonesArray::Streamer. */
function readClonesArray(buffer: TBuffer, list: StreamedObject): void {
  const version = buffer.last_read_version;
  list['_typename'] ??= 'TClonesArray';
  if (version > 2) buffer.classStreamer(list, 'TObject');
  list['name'] = version > 1 ? buffer.readTString() : '';
  const [className = '', classVersion = '0'] = buffer.readTString().split(/;(?=\d+$)/);
  const count = Math.abs(buffer.ntoi4());
  list['fLowerBound'] = buffer.ntoi4();
  list['fLast'] = count - 1;
  // Each object takes a byte at least.
  if (count > buffer.remain())
    throw new RangeError(`${count} objects are claimed where ${buffer.remain()} bytes are left`);
  const streamer = buffer.fFile.getSplittedStreamer(buffer.fFile.getStreamer(className, { val: Number(classVersion) }));
  const objects = Array.from({ length: count }, (): StreamedObject => ({ _typename: className }));
  list['arr'] = objects;
  for (const member of streamer ?? []) for (const object of objects) member.func(buffer, object);
}
