/** Users, groups and tree names, each stored once: text <-> small number. Words are never deleted. */
import type Database from 'better-sqlite3';

export class WordStore {
  readonly #ids = new Map<string, number>();
  readonly #texts = new Map<number, string>();
  readonly #find: Database.Statement<[string], { id: number }>;
  readonly #read: Database.Statement<[number], { text: string }>;
  readonly #insert: Database.Statement<[string]>;

  constructor(db: Database.Database) {
    this.#find = db.prepare('SELECT id FROM word WHERE text = ?');
    this.#read = db.prepare('SELECT text FROM word WHERE id = ?');
    this.#insert = db.prepare('INSERT INTO word (text) VALUES (?)');
  }

  /** The number of a word, which is stored if it is new. */
  intern(text: string): number {
    const known = this.find(text);
    if (known !== undefined) return known;
    const id = Number(this.#insert.run(text).lastInsertRowid);
    this.#ids.set(text, id);
    return id;
  }

  find(text: string): number | undefined {
    const cached = this.#ids.get(text);
    if (cached !== undefined) return cached;
    const id = this.#find.get(text)?.id;
    if (id !== undefined) this.#ids.set(text, id);
    return id;
  }

  text(id: number): string {
    let text = this.#texts.get(id);
    if (text === undefined) {
      text = this.#read.get(id)?.text ?? `word ${id}`;
      this.#texts.set(id, text);
    }
    return text;
  }

  /** After a rollback: numbers that were given out may not exist. */
  forget(): void {
    this.#ids.clear();
    this.#texts.clear();
  }
}
