/** What plug-ins for catalogs that are only read have in common: everything that changes something is refused by name. */
import { UnsupportedGridError } from './errors.js';
import type { Grid, GridDataset, GridEntry, GridFile, GridJob, LearntFact, NewGridFile, Replica } from './grid.js';

export abstract class ReadingGrid implements Grid {
  abstract readonly kind: string;
  abstract readonly url: string;
  abstract glob(pattern: string, site?: string): Promise<GridFile[]>;
  abstract find(query: string, site?: string): Promise<GridFile[]>;
  abstract dataset(name: string, site?: string): Promise<GridDataset>;
  abstract lookup(lfns: readonly string[], site?: string): Promise<(GridFile | undefined)[]>;
  abstract ls(path: string): Promise<GridEntry[]>;
  abstract whereis(lfn: string, site?: string): Promise<{ lfn: string; replicas: readonly Replica[] }>;
  abstract collections(): Promise<string[]>;

  query(path: string, pattern: string, site?: string): Promise<GridFile[]> {
    return this.find(`${path.replace(/\/+$/, '') || '/'}?name='${pattern.replaceAll("'", "''")}'`, site);
  }

  async *listPages(path: string): AsyncGenerator<GridEntry[]> {
    yield await this.ls(path);
  }

  /** What queries learn is theirs to keep: this catalog does not take it. */
  async learn(_facts: readonly LearntFact[]): Promise<void> {}

  register(_files: readonly NewGridFile[]): Promise<void> {
    return this.refuse('register files');
  }
  mkdir(_path: string): Promise<void> {
    return this.refuse('make directories');
  }
  rm(_path: string): Promise<void> {
    return this.refuse('remove names');
  }
  mv(_from: string, _to: string): Promise<void> {
    return this.refuse('rename');
  }
  submit(_jdl: string): Promise<string> {
    return this.refuse('submit jobs');
  }
  ps(): Promise<GridJob[]> {
    return this.refuse('list jobs');
  }
  kill(_jobId: string): Promise<void> {
    return this.refuse('kill jobs');
  }
  async close(): Promise<void> {}

  protected refuse(what: string): Promise<never> {
    return Promise.reject(new UnsupportedGridError(this.kind, what));
  }
}
