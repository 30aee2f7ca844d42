import { css } from "lit";

export const visitStyles = css`
  .head {
    display: flex;
    align-items: center;
    gap: 14px;
    margin-bottom: 16px;
  }
  .title {
    flex: 1;
    min-width: 0;
    overflow-wrap: anywhere;
  }
  [data-note="correcting"],
  [data-note="correction-failed"],
  .corrections {
    margin-bottom: 14px;
  }
  .corrections summary {
    cursor: pointer;
    font-weight: 600;
    min-height: 28px;
  }
  .corrections ul {
    list-style: none;
    padding: 0;
    margin: 12px 0 0;
    display: grid;
    gap: 14px;
  }
  .corrections li {
    display: flex;
    gap: 14px;
    align-items: start;
    overflow-wrap: anywhere;
  }
  .corrections img {
    border-radius: var(--radius-small);
    opacity: 0.55;
  }
  .body {
    display: grid;
    grid-template: "left side" auto "told side" 1fr / minmax(0, 1fr) 320px;
    gap: 16px;
    align-items: start;
  }
  .left {
    grid-area: left;
  }
  .side {
    grid-area: side;
  }
  .left,
  .side {
    display: grid;
    gap: 16px;
    min-width: 0;
  }
  .told {
    grid-area: told;
    display: grid;
    grid-template-columns: minmax(0, 1fr) minmax(0, 1fr);
    gap: 16px;
    align-items: start;
  }
  .modes {
    display: inline-flex;
    flex-wrap: wrap;
    gap: 2px;
    padding: 3px;
    margin-bottom: 14px;
    border-radius: var(--radius-small);
    background: var(--sunken);
    border: 1px solid var(--line);
  }
  .modes button {
    border-color: transparent;
    background: transparent;
    min-height: 44px;
  }
  .modes [aria-pressed="true"] {
    background: var(--surface);
    border-color: var(--line-strong);
    box-shadow: var(--shadow);
    color: var(--accent);
  }
  .note {
    display: grid;
    grid-template-columns: auto 1fr;
    gap: 8px 10px;
    align-items: start;
    margin-top: 12px;
    padding: 10px 12px;
    border-radius: var(--radius-small);
    background: var(--sunken);
    font-size: 0.875rem;
  }
  .note.warn {
    background: var(--warn-soft);
  }
  .note svg {
    color: var(--warn);
    margin-top: 2px;
  }
  .note p {
    overflow-wrap: anywhere;
  }
  .note:not(.warn) p,
  .note button,
  .note p.small {
    grid-column: 1 / -1;
  }
  q {
    font-weight: 600;
  }
  .body.wide {
    grid-template: "left" auto "told" auto / minmax(0, 1fr);
  }
  .table,
  history-card,
  assessment-card {
    margin-top: 16px;
  }
  progress {
    display: block;
    width: 100%;
    accent-color: var(--accent);
  }
  .table h2 {
    margin-bottom: 8px;
  }
  .table h2 span {
    font-weight: 400;
    margin-left: 6px;
  }
  dl {
    display: grid;
    grid-template-columns: auto 1fr;
    gap: 7px 16px;
    margin: 12px 0 0;
    font-size: 0.875rem;
  }
  dt {
    color: var(--muted);
  }
  dd {
    margin: 0;
    text-align: right;
    overflow-wrap: anywhere;
  }
  .failed {
    color: var(--fail);
    margin-top: 10px;
  }
  @media (max-width: 980px) {
    .body:not(.wide) {
      grid-template: "left" auto "side" auto "told" auto / minmax(0, 1fr);
    }
  }
  @media (max-width: 640px) {
    .told {
      grid-template-columns: minmax(0, 1fr);
    }
  }
`;
