import { css } from "lit";

/** Rules of the calibration page. */
export const calibrationStyles = css`
  .cards {
    display: grid;
    grid-template-columns: repeat(auto-fit, minmax(340px, 1fr));
    gap: 16px;
    margin: 18px 0 16px;
    align-items: stretch;
  }
  .all {
    margin-bottom: 16px;
  }
  .card p {
    margin: 12px 0 0;
  }
  .card p.notice {
    margin-top: 14px;
  }
  .place {
    font-size: 1.125rem;
  }
  ul {
    margin: 8px 0 0;
    padding-left: 22px;
  }
  code {
    font-family: ui-monospace, monospace;
    font-size: 0.9375em;
  }
  progress {
    width: 100%;
    height: 14px;
    margin-top: 14px;
    accent-color: var(--accent);
  }
  .line {
    display: inline-flex;
    gap: 8px;
    align-items: center;
    margin-top: 10px;
    font-weight: 600;
  }
  td .line {
    margin: 0;
  }
  .line svg {
    flex: none;
  }
  .line.pass svg {
    color: var(--pass);
  }
  .line.warn svg {
    color: var(--warn);
  }
  .line.fail svg {
    color: var(--fail);
  }
  .wide {
    overflow-x: auto;
    margin-top: 14px;
  }
  table {
    border-collapse: collapse;
    width: 100%;
  }
  th,
  td {
    text-align: left;
    padding: 8px 12px;
    border-top: 1px solid var(--line);
    vertical-align: top;
    font-weight: 400;
  }
  .advice td {
    border-top: 0;
    padding-top: 0;
  }
  thead th {
    border-top: 0;
    color: var(--muted);
    font-size: 0.875rem;
    font-weight: 600;
    white-space: nowrap;
  }
  /* The verdict is in sight without scrolling. */
  @media (max-width: 900px) {
    th,
    td {
      padding: 8px 6px;
    }
    thead th,
    thead .figure {
      white-space: normal;
      vertical-align: bottom;
    }
  }
  .figure {
    text-align: right;
    font-variant-numeric: tabular-nums;
    white-space: nowrap;
  }
  .charts {
    display: grid;
    grid-template-columns: repeat(auto-fill, minmax(360px, 1fr));
    gap: 8px 28px;
    margin-top: 14px;
  }
  figure {
    margin: 0;
  }
  figcaption {
    font-weight: 600;
    margin-bottom: 4px;
  }
  details {
    max-height: 320px;
    overflow-y: auto;
  }
  figure summary {
    font-size: 0.9375rem;
    font-weight: 400;
    color: var(--muted);
  }
  .hidden {
    position: absolute;
    width: 1px;
    height: 1px;
    overflow: hidden;
    clip-path: inset(50%);
  }
`;
