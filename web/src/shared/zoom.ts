/** Which part of a picture its stage shows: how much larger than fitted, and where. */

const LARGEST = 8;

export class Zoom {
  #scale = 1;
  #x = 0;
  #y = 0;

  get scale(): number {
    return this.#scale;
  }

  /** Of the picture's top left corner, in px of the stage. */
  get place(): { x: number; y: number } {
    return { x: this.#x, y: this.#y };
  }

  /** As a CSS transform with its origin at the top left. */
  get transform(): string {
    return `translate(${this.#x}px, ${this.#y}px) scale(${this.#scale})`;
  }

  /** Enlarges by a factor and keeps the place (x, y) of a stage of this size where it is. */
  by(factor: number, x: number, y: number, width: number, height: number): void {
    const scale = Math.min(LARGEST, Math.max(1, this.#scale * factor));
    const grown = scale / this.#scale;
    this.#scale = scale;
    this.#place(x - (x - this.#x) * grown, y - (y - this.#y) * grown, width, height);
  }

  move(dx: number, dy: number, width: number, height: number): void {
    this.#place(this.#x + dx, this.#y + dy, width, height);
  }

  fit(): void {
    this.#scale = 1;
    this.#x = 0;
    this.#y = 0;
  }

  /** The stage stays covered. */
  #place(x: number, y: number, width: number, height: number): void {
    this.#x = Math.min(0, Math.max(width * (1 - this.#scale), x));
    this.#y = Math.min(0, Math.max(height * (1 - this.#scale), y));
  }
}
