import { css } from "lit";

export const shellStyles = css`
  :host {
    min-height: 100vh;
    display: grid;
    grid-template: auto 1fr / minmax(0, 1fr);
  }
  header {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 8px 16px;
    min-height: 72px;
    padding: 10px 24px;
    background: var(--surface);
    border-bottom: 1px solid var(--line);
  }
  header > svg {
    flex: none;
  }
  .name {
    font-weight: 650;
  }
  nav {
    display: flex;
    flex-wrap: wrap;
    gap: 4px;
  }
  nav button {
    padding: 0 14px;
  }
  nav [aria-current="page"] {
    background: var(--accent-soft);
    color: var(--accent);
    box-shadow: inset 0 -3px 0 var(--accent);
  }
  .patient {
    font-size: 1.125rem;
    padding-left: 16px;
    border-left: 1px solid var(--line);
    overflow-wrap: anywhere;
    flex: 9 1 340px;
    min-width: 0;
  }
  .patient span {
    color: var(--muted);
  }
  .patient span span {
    display: inline-block;
  }
  .end {
    flex: 1 1 260px;
    display: flex;
    justify-content: flex-end;
    align-items: center;
    gap: 8px 16px;
  }
  stop-visit,
  language-switch {
    flex: none;
    white-space: nowrap;
  }
  .uplink {
    display: flex;
    align-items: center;
    gap: 8px;
    font-size: 0.875rem;
    line-height: 1.3;
    color: var(--muted);
    max-width: 420px;
  }
  .said {
    min-width: 110px;
  }
  .uplink:not(.pass) .said {
    min-width: 170px;
  }
  .pending {
    display: block;
  }
  .dot {
    display: flex;
  }
  .dot.pass {
    color: var(--pass);
  }
  .dot.warn {
    color: var(--warn);
  }
  .dot.fail {
    color: var(--fail);
  }
  .away {
    margin: 16px 24px 0;
  }
  @media (max-width: 900px) {
    header {
      padding: 8px 12px;
      gap: 8px;
    }
    nav {
      gap: 0;
    }
    nav button {
      padding: 0 7px;
    }
    .patient {
      order: 1;
      flex-basis: 100%;
      padding-left: 0;
      border-left: 0;
    }
    .uplink.pass .said {
      position: absolute;
      min-width: 0;
      width: 1px;
      height: 1px;
      overflow: hidden;
      clip-path: inset(50%);
    }
    .end {
      flex-basis: auto;
      flex-wrap: wrap;
      gap: 8px;
    }
  }
  .quiet.screen {
    display: grid;
    justify-items: center;
    text-align: center;
    gap: 16px;
    padding-top: 16vh;
    max-width: 760px;
  }
`;
