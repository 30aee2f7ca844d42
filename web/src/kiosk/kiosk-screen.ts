import { property } from "lit/decorators.js";
import { Localised } from "../shared/catalogue";
import type { BoothState } from "../wire/booth";

/** One task of the operator; its `h1` is focused when it comes up. */
export class KioskScreen extends Localised {
  @property({ attribute: false }) booth!: BoothState;

  async focusHeading(): Promise<void> {
    await this.updateComplete;
    this.renderRoot.querySelector<HTMLElement>("h1")?.focus();
  }
}
