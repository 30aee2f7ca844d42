import { css } from "lit";

/** Rules of the screens of a booth: large targets, one column of actions, space. */
export const kiosk = css`
  h1 {
    font-size: 1.625rem;
    outline-offset: 6px;
  }
  h1:focus-visible {
    outline: none;
  }
  h2 {
    font-size: 1.0625rem;
  }
  .lead {
    font-size: 1.0625rem;
    color: var(--muted);
    margin-top: 4px;
  }
  .screen {
    padding: 22px 24px 28px;
    max-width: 1440px;
    margin: 0 auto;
  }
  .narrow {
    max-width: 1020px;
  }
  button,
  .button {
    min-height: 48px;
  }
  button.big {
    min-height: 64px;
    padding: 0 32px;
    font-size: 1.1875rem;
  }
  button.danger {
    color: var(--fail);
    border-color: var(--fail);
  }
  button.quiet.danger {
    border-color: transparent;
  }
  input,
  select,
  textarea {
    min-height: 48px;
    font: inherit;
    font-size: 1.0625rem;
    font-weight: 400;
    margin-top: 4px;
  }
  textarea {
    color: var(--text);
    background: var(--surface);
    border: 1px solid var(--line-strong);
    border-radius: var(--radius-small);
    padding: 10px 12px;
    width: 100%;
    resize: vertical;
  }
  label,
  legend {
    font-size: 0.9375rem;
    font-weight: 600;
    color: var(--muted);
  }
  fieldset {
    border: 0;
    margin: 0;
    padding: 0;
    min-width: 0;
  }
  legend {
    padding: 0;
    margin-bottom: 6px;
  }
  .actions {
    display: flex;
    flex-wrap: wrap;
    gap: 12px;
    align-items: center;
  }
  .spread {
    justify-content: space-between;
  }
  .problem {
    color: var(--fail);
    font-weight: 600;
  }
  .notice {
    display: flex;
    gap: 12px;
    align-items: center;
    padding: 12px 16px;
    border-radius: var(--radius-small);
    border: 1px solid var(--line);
    background: var(--surface);
  }
  .notice.fail {
    border-color: var(--fail);
    background: var(--fail-soft);
    color: var(--fail);
    font-weight: 600;
  }
  .notice.warn {
    border-color: var(--warn);
    background: var(--warn-soft);
    color: var(--warn);
    font-weight: 600;
  }
  .notice.pass {
    border-color: var(--pass);
    background: var(--pass-soft);
    color: var(--pass);
    font-weight: 600;
  }
  .notice svg {
    flex: none;
  }
  summary {
    min-height: 48px;
    display: flex;
    align-items: center;
    gap: 10px;
    cursor: pointer;
    font-weight: 600;
    border-radius: var(--radius-small);
  }
  summary::before {
    content: "";
    width: 8px;
    height: 8px;
    margin: 0 4px;
    border: solid currentColor;
    border-width: 0 2px 2px 0;
    transform: rotate(-45deg);
    transition: transform 120ms;
  }
  details[open] > summary::before {
    transform: rotate(45deg);
  }
  dialog {
    border: 1px solid var(--line);
    border-radius: var(--radius);
    background: var(--surface);
    color: var(--text);
    padding: 24px;
    width: min(560px, calc(100vw - 32px));
    box-shadow: 0 12px 60px rgb(0 0 0 / 35%);
  }
  dialog::backdrop {
    background: rgb(6 10 13 / 60%);
  }
  dialog .actions {
    margin-top: 20px;
    justify-content: flex-end;
  }
  .choice {
    display: flex;
    align-items: center;
    gap: 12px;
    min-height: 52px;
    padding: 6px 14px;
    border: 1px solid var(--line-strong);
    border-radius: var(--radius-small);
    font-size: 1.0625rem;
    font-weight: 600;
    color: var(--text);
    cursor: pointer;
  }
  .choice input {
    width: 20px;
    height: 20px;
    min-height: 0;
    margin: 0;
    flex: none;
    accent-color: var(--accent);
  }
  .choice:has(input:checked) {
    border-color: var(--accent);
    background: var(--accent-soft);
    box-shadow: inset 0 0 0 1px var(--accent);
  }
  .choice:has(input:focus-visible) {
    outline: 2px solid var(--accent);
    outline-offset: 2px;
  }
`;

/** Facts of a card: a name and its value side by side. */
export const facts = css`
  dl {
    display: grid;
    grid-template-columns: auto 1fr;
    gap: 6px 16px;
    margin: 14px 0 0;
  }
  dt {
    color: var(--muted);
  }
  dd {
    margin: 0;
    text-align: right;
    overflow-wrap: break-word;
  }
`;
