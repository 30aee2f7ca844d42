import { css } from "lit";

/** Of a dialog with a form. */
export const dialogStyles = css`
  :host {
    display: contents;
  }
  dialog {
    color: var(--text);
    background: var(--surface);
    border: 1px solid var(--line);
    border-radius: var(--radius);
    padding: 24px;
    width: min(560px, calc(100vw - 32px));
    max-height: calc(100dvh - 32px);
    overflow: auto;
    overscroll-behavior: contain;
  }
  dialog::backdrop {
    background: rgb(0 0 0 / 55%);
  }
  form {
    display: grid;
    gap: 14px;
    margin-top: 14px;
  }
  .will {
    background: var(--sunken);
    border-radius: var(--radius-small);
    padding: 12px 14px;
  }
  .problem {
    color: var(--fail);
  }
  /* In sight however long the form is. */
  .actions {
    display: flex;
    flex-wrap: wrap;
    justify-content: flex-end;
    gap: 10px;
    position: sticky;
    bottom: -24px;
    margin: 0 -24px -24px;
    padding: 14px 24px;
    background: var(--surface);
    border-top: 1px solid var(--line);
  }
`;
