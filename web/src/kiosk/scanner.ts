/** Barcode scanners type: many characters at a pace no hand has, then Enter. */

const LONGEST_GAP_MS = 60;
const FEWEST = 3;

/** Hears a scanner wherever the focus is, and takes out of the focused field what it typed there. */
export class Scanner {
  readonly #heard: (code: string) => void;
  #code = "";
  #last = 0;
  #field: HTMLInputElement | HTMLTextAreaElement | null = null;
  #before = "";

  constructor(heard: (code: string) => void) {
    this.#heard = heard;
  }

  start(): void {
    window.addEventListener("keydown", this.#key, true);
  }

  stop(): void {
    window.removeEventListener("keydown", this.#key, true);
    this.#forget();
  }

  readonly #key = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing) {
      this.#forget();
      return;
    }
    const late = event.timeStamp - this.#last > LONGEST_GAP_MS;
    this.#last = event.timeStamp;
    if (event.key === "Enter") {
      this.#end(event, late);
    } else if (event.key.length === 1) {
      this.#add(event.key, late);
    } else if (event.key !== "Shift") {
      this.#forget();
    }
  };

  #add(key: string, late: boolean): void {
    if (late || this.#code === "") {
      this.#code = "";
      this.#field = focusedField();
      this.#before = this.#field?.value ?? "";
    }
    this.#code += key;
  }

  #end(event: KeyboardEvent, late: boolean): void {
    const code = this.#code.trim();
    if (!late && code.length >= FEWEST) {
      event.preventDefault();
      event.stopImmediatePropagation();
      if (this.#field !== null) {
        this.#field.value = this.#before;
        this.#field.dispatchEvent(new Event("input", { bubbles: true, composed: true }));
      }
      this.#forget();
      this.#heard(code);
    } else {
      this.#forget();
    }
  }

  #forget(): void {
    this.#code = "";
    this.#field = null;
    this.#before = "";
  }
}

function focusedField(): HTMLInputElement | HTMLTextAreaElement | null {
  let active = document.activeElement;
  while (active?.shadowRoot?.activeElement) {
    active = active.shadowRoot.activeElement;
  }
  return active instanceof HTMLInputElement || active instanceof HTMLTextAreaElement ? active : null;
}
