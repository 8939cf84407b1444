/** Tables that were opened to count their entries, open still for the packets that follow. Each is taken once; only a few are kept. */
import type { OpenTable } from '../../analysis/program-runner.js';
import type { QueryFile } from '../../protocol/worker-messages.js';

const MOST = 4;

export class KeptTables {
  readonly #tables = new Map<string, OpenTable>();

  #isOver = false;

  /** Closes it where enough are kept already. */
  async keep(file: QueryFile, table: OpenTable): Promise<void> {
    const key = keyOf(file);
    if (this.#isOver || this.#tables.size >= MOST || this.#tables.has(key)) await table.close();
    else this.#tables.set(key, table);
  }
  take(file: QueryFile): OpenTable | undefined {
    const key = keyOf(file);
    const kept = this.#tables.get(key);
    if (kept === undefined || (file.tree !== null && file.tree !== kept.table.name)) return undefined;
    this.#tables.delete(key);
    return kept;
  }
  /** What comes later is closed at once. */
  async closeAll(): Promise<void> {
    this.#isOver = true;
    const tables = [...this.#tables.values()];
    this.#tables.clear();
    await Promise.all(tables.map((table) => table.close()));
  }
}

/** The same place in the data set, read in the same way; the tree's name may be learnt in between. */
const keyOf = ({ tree, ...file }: QueryFile): string => JSON.stringify(file);
