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
    max-height: calc(100vh - 32px);
    overflow: auto;
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
  .actions {
    display: flex;
    flex-wrap: wrap;
    justify-content: flex-end;
    gap: 10px;
  }
`;
