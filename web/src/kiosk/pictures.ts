/** The newest preview picture, told to whoever shows it or what was measured in it. */

import type { LivePicture } from "./feed";

type Listener = (picture: LivePicture | null) => void;

export class Pictures {
  #newest: LivePicture | null = null;
  readonly #listeners = new Set<Listener>();

  get newest(): LivePicture | null {
    return this.#newest;
  }

  /** Takes the picture over and lets go of the one before; null: there is none to be shown any more. */
  put(picture: LivePicture | null): void {
    const before = this.#newest;
    this.#newest = picture;
    for (const listener of this.#listeners) {
      listener(picture);
    }
    before?.picture.close();
  }

  /** Tells the listener of every picture until the returned function is called. */
  watch(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
