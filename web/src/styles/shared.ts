import { css } from "lit";

/** Of whatever has a verdict as its class. */
export const verdictColours = css`
  .pass {
    color: var(--pass);
  }
  .warn {
    color: var(--warn);
  }
  .fail {
    color: var(--fail);
  }
  .unknown {
    color: var(--unknown);
  }
`;

/** Rules that every component of both pages starts from. */
export const shared = css`
  :host {
    display: block;
    box-sizing: border-box;
  }
  *,
  *::before,
  *::after {
    box-sizing: border-box;
  }
  h1,
  h2,
  h3,
  p {
    margin: 0;
  }
  h1 {
    font-size: 1.5rem;
    font-weight: 650;
    letter-spacing: -0.015em;
    line-height: 1.25;
  }
  h2 {
    font-size: 1rem;
    font-weight: 650;
    letter-spacing: -0.005em;
  }
  .card {
    background: var(--surface);
    border: 1px solid var(--line);
    border-radius: var(--radius);
    box-shadow: var(--shadow);
    padding: 18px 20px;
  }
  .muted {
    color: var(--muted);
  }
  .small {
    font-size: 0.8125rem;
  }
  .tabular {
    font-variant-numeric: tabular-nums;
  }
  button,
  .button {
    font: inherit;
    font-weight: 600;
    color: var(--text);
    background: var(--surface);
    border: 1px solid var(--line-strong);
    border-radius: var(--radius-small);
    min-height: 44px;
    padding: 0 18px;
    cursor: pointer;
    text-decoration: none;
    display: inline-flex;
    align-items: center;
    justify-content: center;
    gap: 8px;
  }
  button:hover:not(:disabled),
  .button:hover {
    background: var(--sunken);
  }
  button.primary {
    background: var(--accent);
    border-color: var(--accent);
    color: var(--on-accent);
  }
  button.primary:hover:not(:disabled) {
    background: var(--accent-hover);
    border-color: var(--accent-hover);
  }
  button.quiet {
    border-color: transparent;
    background: transparent;
  }
  button:disabled {
    cursor: not-allowed;
    color: var(--muted);
    background: var(--sunken);
    border-color: var(--line);
  }
  input,
  select {
    font: inherit;
    color: var(--text);
    background: var(--surface);
    border: 1px solid var(--line-strong);
    border-radius: var(--radius-small);
    min-height: 44px;
    padding: 0 12px;
    width: 100%;
  }
  label {
    display: block;
    font-size: 0.8125rem;
    font-weight: 600;
    color: var(--muted);
  }
  a {
    color: var(--accent);
  }
  :focus-visible {
    outline: 2px solid var(--accent);
    outline-offset: 2px;
  }
  .visually-hidden {
    position: absolute;
    width: 1px;
    height: 1px;
    overflow: hidden;
    clip-path: inset(50%);
    white-space: nowrap;
  }
  @media (prefers-reduced-motion: reduce) {
    *,
    *::before,
    *::after {
      animation: none !important;
      transition: none !important;
    }
  }
`;
