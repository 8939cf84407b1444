/**
 * The StreamerInfo record: the layouts of a file's classes, so that any reader of any version can follow them.
 *
 * Source: ROOT, core/meta/src/TStreamerElement.cxx, io/io/src/TStreamerInfo.cxx; type codes from TVirtualStreamerInfo.h.
 */
import { type ClassLayout, classLayout } from './class-layouts.js';
import type { RecordBuffer } from './record-buffer.js';

/** Type codes and sizes in memory of the basic types. */
const BASIC: Readonly<Record<string, readonly [code: number, size: number, typeName?: string]>> = {
  char: [1, 1],
  short: [2, 2],
  int: [3, 4],
  float: [5, 4],
  counter: [6, 4, 'int'],
  double: [8, 8],
  'unsigned char': [11, 1],
  'unsigned short': [12, 2],
  'unsigned int': [13, 4],
  bits: [15, 4, 'unsigned int'],
  Long64_t: [16, 8],
  bool: [18, 1],
};
const TSTRING = 65;
const OBJECT = 61;
const OBJECT_ANY = 62;
const POINTER_NEVER_NULL = 63;
const POINTER = 64;
const STL = 500;
const STL_VECTOR = 1;
/** Added to a basic type's code for an array behind a pointer with its length in another member. */
const COUNTED = 40;
/** Sizes in memory of the classes that stand inside others; readers of files do not use them, ROOT prints them. */
const SIZES: Readonly<Record<string, number>> = {
  TString: 24,
  TAxis: 216,
  TArrayD: 24,
  TArrayI: 24,
  TObjArray: 64,
  'ROOT::TIOFeatures': 1,
};
/** TStreamerInfo::kIsCompiled, as ROOT leaves it in files. */
const COMPILED = 0x10000;

interface Element {
  readonly className: string;
  readonly version: number;
  readonly name: string;
  readonly title?: string;
  readonly type: number;
  readonly size: number;
  readonly typeName: string;
  /** What a base class keeps in the second place of fMaxIndex. */
  readonly baseChecksum?: number;
  readonly tail?: (buffer: RecordBuffer) => void;
}

/** Streams the TList of TStreamerInfo that is the contents of a file's StreamerInfo record. */
export function writeStreamerInfos(buffer: RecordBuffer, layouts: readonly ClassLayout[]): void {
  buffer.list(layouts, (one) => buffer.object('TStreamerInfo', () => writeInfo(buffer, one)));
}

function writeInfo(buffer: RecordBuffer, layout: ClassLayout): void {
  const elements = [...layout.bases.map(baseElement), ...layout.members.map((text) => memberElement(text, layout))];
  buffer.versioned(9, () => {
    buffer.tnamed(layout.name, '', COMPILED).u32(layout.checksum).i32(layout.version);
    buffer.object('TObjArray', () =>
      buffer.objArray(elements.length, () => {
        for (const element of elements) buffer.object(element.className, () => writeElement(buffer, element));
      }),
    );
  });
}

function writeElement(buffer: RecordBuffer, element: Element): void {
  buffer.versioned(element.version, () => {
    buffer.versioned(4, () => {
      buffer
        .tnamed(element.name, element.title ?? '')
        .i32(element.type)
        .i32(element.size)
        .i32(0)
        .i32(0);
      buffer
        .i32(0)
        .u32(element.baseChecksum ?? 0)
        .i32(0)
        .i32(0)
        .i32(0)
        .text(element.typeName);
    });
    element.tail?.(buffer);
  });
}

function baseElement(name: string): Element {
  const { version, checksum } = classLayout(name)!;
  // TObject and TNamed have codes of their own; other bases are streamed as what they are.
  const type = name === 'TObject' ? 66 : name === 'TNamed' ? 67 : 0;
  const tail = (buffer: RecordBuffer) => void buffer.i32(version);
  return {
    className: 'TStreamerBase',
    version: 3,
    name,
    type,
    size: 0,
    typeName: 'BASE',
    baseChecksum: checksum,
    tail,
  };
}

function memberElement(text: string, owner: ClassLayout): Element {
  const at = text.lastIndexOf(' ');
  const type = text.slice(0, at);
  const name = text.slice(at + 1);
  const element = (className: string, version: number, code: number, size: number, typeName = type): Element => ({
    className: `TStreamer${className}`,
    version,
    name,
    type: code,
    size,
    typeName,
  });
  const basic = BASIC[type];
  if (basic !== undefined) return element('BasicType', 2, basic[0], basic[1], basic[2]);
  if (type.startsWith('enum ')) return element('BasicType', 2, 3, 4, type.slice(5));
  if (type === 'TString') return element('String', 2, TSTRING, SIZES['TString']!);
  const counted = /^(\w+)\*\[(\w+)\]$/.exec(type);
  if (counted !== null) return countedElement(element, owner, counted[1]!, counted[2]!);
  if (type.endsWith('->')) return element('ObjectPointer', 2, POINTER_NEVER_NULL, 8, `${type.slice(0, -2)}*`);
  if (type.endsWith('*')) return element('ObjectPointer', 2, POINTER, 8);
  if (type === 'vector<string>') {
    const tail = (buffer: RecordBuffer) => void buffer.i32(STL_VECTOR).i32(OBJECT);
    return { ...element('STL', 3, STL, 24), tail };
  }
  const isTObject = type === 'TAxis' || type === 'TObjArray';
  return element(isTObject ? 'Object' : 'ObjectAny', 2, isTObject ? OBJECT : OBJECT_ANY, SIZES[type]!);
}

function countedElement(
  element: (className: string, version: number, code: number, size: number, typeName: string) => Element,
  owner: ClassLayout,
  type: string,
  counter: string,
): Element {
  const holder = [owner, ...owner.bases.map((name) => classLayout(name)!)].find((one) =>
    one.members.includes(`counter ${counter}`),
  )!;
  const [code, size] = BASIC[type]!;
  const tail = (buffer: RecordBuffer) => void buffer.i32(holder.version).text(counter).text(holder.name);
  return { ...element('BasicPointer', 2, COUNTED + code, size, `${type}*`), title: `[${counter}]`, tail };
}
