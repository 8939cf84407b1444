/**
 * The folders of a file that is being written: made when a path first names them, their key lists and records written at
 * the end. The file itself is the top one.
 */
import {
  addKey,
  DIRECTORY_BYTES,
  type DirectoryState,
  nextCycle,
  writeDirectory,
  writeKeyList,
} from './directory-record.js';
import { FILE_BEGIN } from './file-header.js';
import type { RecordAppender } from './record-appender.js';
import { RecordBuffer } from './record-buffer.js';
import { checkName, keyLength, textLength } from './record-key.js';

export class Directories {
  readonly top: DirectoryState;
  readonly #records: RecordAppender;
  readonly #byPath = new Map<string, DirectoryState>();

  /** Writes the file's own record, which must be the first. */
  constructor(records: RecordAppender, file: { name: string; title: string; uuid: Uint8Array }) {
    this.#records = records;
    const { name, title, uuid } = file;
    const key = records.append({ className: 'TFile', name, title, cycle: 1, seekDirectory: 0 }, (buffer) => {
      buffer.text(name).text(title).zeros(DIRECTORY_BYTES);
    });
    const nameBytes = keyLength(key) + textLength(name) + textLength(title);
    const seeks = { seek: FILE_BEGIN, seekParent: 0, recordAt: FILE_BEGIN + nameBytes, seekKeys: 0, keysBytes: 0 };
    this.top = { name, title, ...seeks, nameBytes, keys: [], uuid };
    this.#byPath.set('', this.top);
  }

  /** @param path `a/b`; '' is the file itself. @throws {RootNameError} */
  at(path: string): DirectoryState {
    return this.#find(path.split('/').filter((part) => part !== ''));
  }

  #find(parts: readonly string[]): DirectoryState {
    const path = parts.join('/');
    const known = this.#byPath.get(path);
    if (known !== undefined) return known;
    const parent = this.#find(parts.slice(0, -1));
    const name = checkName(parts.at(-1) ?? '');
    const names = { className: 'TDirectory', name, title: name };
    const cycle = nextCycle(parent.keys, name);
    const key = this.#records.append({ ...names, cycle, seekDirectory: parent.seek }, (buffer) => {
      buffer.zeros(DIRECTORY_BYTES);
    });
    addKey(parent.keys, key);
    const { seekKey: seek } = key;
    const nameBytes = keyLength(key);
    const seeks = { seek, seekParent: parent.seek, recordAt: seek + nameBytes, seekKeys: 0, keysBytes: 0 };
    const made: DirectoryState = { name, title: name, ...seeks, nameBytes, keys: [], uuid: this.top.uuid };
    this.#byPath.set(path, made);
    return made;
  }

  appendKeyLists(): void {
    for (const directory of this.#byPath.values()) {
      const { name, title, seek: seekDirectory, keys } = directory;
      const className = directory === this.top ? 'TFile' : 'TDirectory';
      const record = this.#records.append({ className, name, title, cycle: 1, seekDirectory }, (buffer) => {
        writeKeyList(buffer, keys);
      });
      directory.seekKeys = record.seekKey;
      directory.keysBytes = record.nbytes;
    }
  }

  /** Once the key lists have their places. */
  patchRecords(): void {
    for (const directory of this.#byPath.values()) {
      const record = new RecordBuffer();
      writeDirectory(record, directory, this.#records.datime);
      this.#records.sink.patch(directory.recordAt, record.bytes);
    }
  }
}
