/** A JSON array on standard output, element by element: a listing of a million names needs no memory. */
export class JsonArray {
  #isEmpty = true;

  push(value: unknown): void {
    process.stdout.write(`${this.#isEmpty ? '[' : ','}\n  ${JSON.stringify(value)}`);
    this.#isEmpty = false;
  }

  end(): void {
    process.stdout.write(this.#isEmpty ? '[]\n' : '\n]\n');
  }
}
