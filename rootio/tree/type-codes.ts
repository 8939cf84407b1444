/** Type codes of streamer elements and of TLeafElement. Source: ROOT, core/meta/inc/TDataType.h and TVirtualStreamerInfo.h. */
import type { NumberType } from '../table.js';

export const TYPE_OF_CODE: Readonly<Record<number, NumberType>> = {
  1: 'int8',
  2: 'int16',
  3: 'int32',
  4: 'int64',
  5: 'float32',
  6: 'uint32', // kCounter
  8: 'float64',
  11: 'uint8',
  12: 'uint16',
  13: 'uint32',
  14: 'uint64',
  15: 'uint32', // BITS
  16: 'int64',
  17: 'uint64',
  18: 'bool',
};
export const CHAR_STAR = 7;
export const DOUBLE32 = 9;
export const FLOAT16 = 19;
/** TObject::fBits. */
export const BITS = 15;
export const TSTRING = 65;
/** A fixed array's code is its items' and this. */
export const ARRAY = 20;
/** A counted pointer's code is its items' and this. */
export const POINTER = 40;
