/** Plug-in `file`: a list in a file is the whole catalog. For analyses of files that no catalog knows, and for AliEn's collections. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { UsageError } from '../../protocol/errors.js';
import { fileProblem } from '../../protocol/file-problem.js';
import { wildcard } from '../search/pattern.js';
import { NothingMatchesError } from './errors.js';
import type { GridDataset, GridEntry, GridFile, Replica } from './grid.js';
import { type FileList, readList } from './read-list.js';
import { ReadingGrid } from './reading-grid.js';

export class FileGrid extends ReadingGrid {
  readonly kind = 'file';
  readonly #list: FileList;
  readonly #byName: ReadonlyMap<string, GridFile>;

  /** @throws {UsageError} a file that cannot be read; {CatalogAnswerError} one that is no list */
  constructor(readonly url: string) {
    super();
    const path = fileURLToPath(url);
    let text: string;
    try {
      text = readFileSync(path, 'utf8');
    } catch (cause) {
      throw new UsageError(`Cannot read the list ${path}: ${fileProblem(cause)}.`, { cause });
    }
    this.#list = readList(text, path);
    this.#byName = new Map(this.#list.files.map((file) => [file.lfn, file]));
  }

  async glob(pattern: string): Promise<GridFile[]> {
    const levels = pattern.split('/').map(wildcard);
    return this.#sorted((lfn) => {
      const parts = lfn.split('/');
      return parts.length === levels.length && levels.every((matches, i) => matches(parts[i]!));
    });
  }

  /** Of queries only `/base` and `/base?name='pattern'`: a list has no tags. */
  async find(query: string): Promise<GridFile[]> {
    const match = /^([^?]*)(?:\?\s*name\s*=\s*'((?:[^']|'')*)'\s*)?$/s.exec(query);
    if (match === null) return this.refuse("answer more than /base?name='pattern'");
    const base = `${match[1]!.replace(/\/+$/, '')}/`;
    const matches = match[2] === undefined ? () => true : wildcard(match[2].replaceAll("''", "'"));
    return this.#sorted((lfn) => lfn.startsWith(base) && matches(lfn.slice(lfn.lastIndexOf('/') + 1)));
  }

  async dataset(name: string): Promise<GridDataset> {
    if (name === this.#list.name || name === 'all') return { files: [...this.#list.files], tree: null };
    throw new NothingMatchesError(`${this.url} has no data set ${name}; it has ${this.#list.name ?? 'all'}.`);
  }

  async lookup(lfns: readonly string[]): Promise<(GridFile | undefined)[]> {
    return lfns.map((lfn) => this.#byName.get(lfn));
  }

  async ls(path: string): Promise<GridEntry[]> {
    const top = `${path.replace(/\/+$/, '')}/`;
    const found = new Map<string, GridEntry>();
    for (const { lfn, size } of this.#list.files) {
      if (!lfn.startsWith(top)) continue;
      const [name, ...below] = lfn.slice(top.length).split('/');
      const isFile = below.length === 0;
      const type = isFile ? ('file' as const) : ('directory' as const);
      const entry = { path: top + name!, type, owner: '', group: '', mode: isFile ? 0o444 : 0o555, modified: '' };
      found.set(name! + (isFile ? '' : '/'), { ...entry, size: isFile ? size : null });
    }
    return [...found.keys()].sort(bytewise).map((key) => found.get(key)!);
  }

  async whereis(lfn: string): Promise<{ lfn: string; replicas: readonly Replica[] }> {
    const file = this.#byName.get(lfn);
    if (file === undefined) throw new NothingMatchesError(`${this.url} lists no ${lfn}.`);
    return { lfn, replicas: file.replicas };
  }

  async collections(): Promise<string[]> {
    return [this.#list.name ?? 'all'];
  }

  #sorted(accepts: (lfn: string) => boolean): GridFile[] {
    return this.#list.files.filter(({ lfn }) => accepts(lfn)).sort((a, b) => bytewise(a.lfn, b.lfn));
  }
}

const bytewise = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));
