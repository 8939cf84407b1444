/** Types of the bundle made of entry.js: only what structure.ts uses. JSROOT itself has no types of its classes. */
export type StreamedObject = Record<string, unknown>;

export interface Streamer {
  readonly name?: string;
  func(buffer: TBuffer, object: StreamedObject): void;
  /** Of collections: their header, if there are elements, and one element's value. */
  read_version?(buffer: TBuffer, count: number): { val: number; bytecnt?: number; off: number } | null;
  readelem?(buffer: TBuffer): unknown;
}

export class TFile {
  constructor(url: string | null);
  fStreamerInfos: { arr: StreamedObject[] } | null;
  extractStreamerInfos(buffer: TBuffer): void;
  findStreamerInfo(className?: string, version?: number, checksum?: number): StreamedObject | null;
  getSplittedStreamer(streamers: Streamer[] | null): Streamer[] | undefined;
  getStreamer(className: string, version: { val?: number; checksum?: number }): Streamer[] | null;
}

export class TBuffer {
  constructor(view: DataView, position: number, file: TFile, length?: number);
  readonly arr: DataView;
  o: number;
  length: number;
  fFile: TFile;
  fTagOffset: number;
  last_read_version: number;
  remain(): number;
  locate(position: number): void;
  shift(count: number): void;
  mapObject(tag: number, object: object): void;
  classStreamer(object: StreamedObject, className: string): StreamedObject;
  readObjectAny(): unknown;
  readVersion(): { val: number; bytecnt?: number; off: number };
  checkByteCount(version: { val: number; bytecnt?: number; off: number }, where?: string): boolean;
  readTString(): string;
  readFastString(length: number): string;
  readFastArray(length: number, type: number): ArrayLike<unknown>;
  substring(begin: number, end: number): string;
  ntou1(): number;
  ntoi2(): number;
  ntou4(): number;
  ntoi4(): number;
}

export function addUserStreamer(className: string, streamer: (buffer: TBuffer, object: StreamedObject) => void): void;
export function createStreamerElement(name: string, typeName: string, file: TFile): StreamedObject;
export function createMemberStreamer(element: StreamedObject, file: TFile): Streamer;
