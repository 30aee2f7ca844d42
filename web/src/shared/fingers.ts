/** The fingers, or the pressed mouse, on a stage. */

interface Place {
  x: number;
  y: number;
}

/** What a movement of the fingers did: moved by (dx, dy), and enlarged by a factor around (x, y). */
export interface Grip extends Place {
  dx: number;
  dy: number;
  factor: number;
}

export class Fingers {
  readonly #places = new Map<number, Place>();

  press(event: PointerEvent): void {
    this.#places.set(event.pointerId, { x: event.clientX, y: event.clientY });
  }

  release(event: PointerEvent): void {
    this.#places.delete(event.pointerId);
  }

  /** One finger moves, two enlarge and move; null: this one does not press. */
  move(event: PointerEvent): Grip | null {
    if (!this.#places.has(event.pointerId)) {
      return null;
    }
    const before = this.#held();
    this.press(event);
    const after = this.#held();
    const factor = before.span > 0 && after.span > 0 ? after.span / before.span : 1;
    return { x: after.x, y: after.y, dx: after.x - before.x, dy: after.y - before.y, factor };
  }

  /** Middle of the fingers, and how far the first two are apart. */
  #held(): Place & { span: number } {
    const [one, other] = [...this.#places.values()];
    if (one === undefined || other === undefined) {
      return { x: one?.x ?? 0, y: one?.y ?? 0, span: 0 };
    }
    return { x: (one.x + other.x) / 2, y: (one.y + other.y) / 2, span: Math.hypot(one.x - other.x, one.y - other.y) };
  }
}
