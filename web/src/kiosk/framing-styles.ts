import { css } from "lit";

export const framingStyles = css`
  .framing {
    display: grid;
    grid-template-columns: minmax(0, 1fr) minmax(320px, 400px);
    grid-template-rows: auto 1fr;
    gap: 14px 20px;
    align-items: start;
  }
  .right {
    grid-column: 2;
    grid-row: 1 / span 2;
  }
  .left,
  .right {
    display: grid;
    gap: 14px;
    min-width: 0;
  }
  .asked {
    display: grid;
    grid-template-columns: 1fr auto;
    align-items: center;
    gap: 4px 16px;
  }
  .turn {
    display: grid;
    color: var(--accent);
  }
  .pose,
  .wide {
    grid-column: 1 / -1;
  }
  .pose {
    font-size: 1.0625rem;
  }
  .now {
    display: flex;
    gap: 14px;
    align-items: center;
    min-height: 112px;
    padding: 16px 18px;
    border-radius: var(--radius);
    border: 2px solid var(--line-strong);
    background: var(--surface);
    font-size: 1.375rem;
    line-height: 1.3;
  }
  .now svg {
    flex: none;
  }
  .now.mend {
    border-color: var(--warn);
  }
  .now.mend svg {
    color: var(--warn);
  }
  .now.good {
    border-color: var(--pass);
    background: var(--pass-soft);
    color: var(--pass);
  }
  .then h2 {
    font-size: 0.9375rem;
    color: var(--muted);
  }
  .then ul {
    margin: 4px 0 0;
    padding-left: 1.2em;
    color: var(--muted);
  }
  /* In sight however much is to be mended. */
  .buttons {
    display: grid;
    gap: 10px;
    position: sticky;
    bottom: 0;
    z-index: 1;
    padding: 10px 0;
    background: var(--ground);
  }
  .ghost {
    display: flex;
    gap: 16px;
    align-items: center;
  }
  .ghost input {
    flex: 1;
    max-width: 320px;
    min-height: 44px;
    margin: 0;
    padding: 0;
    border: 0;
    background: none;
    accent-color: var(--accent);
  }
  .folds {
    display: grid;
    grid-template-columns: repeat(auto-fit, minmax(300px, 1fr));
    gap: 12px;
    align-items: start;
  }
  details.card {
    padding: 2px 16px;
  }
  details[open].card {
    padding-bottom: 14px;
  }
  @media (max-width: 900px) {
    .framing {
      display: flex;
      flex-direction: column;
      align-items: stretch;
    }
    .right {
      display: contents;
    }
    .buttons {
      order: 1;
    }
    summary {
      scroll-margin-bottom: 100px;
    }
  }
`;
