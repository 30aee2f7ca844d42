/** Time to wait before trying again: doubling, with jitter, so that pages do not come back all at once. */
export class Backoff {
  readonly #firstMs: number;
  readonly #longestMs: number;
  #failures = 0;

  constructor(firstMs: number, longestMs: number) {
    this.#firstMs = firstMs;
    this.#longestMs = longestMs;
  }

  /** Milliseconds to wait now; longer at the next call. */
  next(): number {
    const longest = Math.min(this.#longestMs, this.#firstMs * 2 ** this.#failures);
    this.#failures = Math.min(this.#failures + 1, 16);
    return longest * (0.5 + Math.random() / 2);
  }

  /** It worked: start again from the shortest. */
  reset(): void {
    this.#failures = 0;
  }
}
