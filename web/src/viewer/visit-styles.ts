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
  }
  .body {
    display: grid;
    grid-template-columns: minmax(0, 1fr) 320px;
    gap: 16px;
    align-items: start;
  }
  .left,
  .side {
    display: grid;
    gap: 16px;
    min-width: 0;
  }
  .told {
    display: grid;
    grid-template-columns: minmax(0, 1fr) minmax(0, 1fr);
    gap: 16px;
    align-items: start;
  }
  .strip {
    display: grid;
    grid-template-columns: repeat(auto-fill, minmax(212px, 1fr));
    gap: 8px;
  }
  .strip button {
    display: grid;
    grid-template-columns: 48px auto;
    gap: 2px 8px;
    justify-items: start;
    text-align: left;
    padding: 8px;
    justify-content: start;
    align-content: start;
  }
  .strip button[aria-selected="true"] {
    border-color: var(--accent);
    box-shadow: inset 0 0 0 1px var(--accent);
    background: var(--accent-soft);
  }
  .thumb {
    grid-row: 1 / 3;
    width: 48px;
    height: 56px;
    border-radius: 6px;
    overflow: hidden;
    background: var(--stage);
  }
  .thumb img {
    width: 100%;
    height: 100%;
    object-fit: cover;
    object-position: 50% 25%;
  }
  .label {
    display: flex;
    align-items: center;
    gap: 5px;
    white-space: nowrap;
    align-self: end;
    font-size: 0.8125rem;
  }
  .strip .marks {
    grid-column: 1 / -1;
    color: var(--muted);
    font-weight: 400;
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
  .table,
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
    .body {
      grid-template-columns: minmax(0, 1fr);
    }
  }
  @media (max-width: 640px) {
    .told {
      grid-template-columns: minmax(0, 1fr);
    }
  }
`;
