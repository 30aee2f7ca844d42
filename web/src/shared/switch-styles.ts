import { css } from "lit";

/** Of a switch: an element of the class `switch` within one that carries `aria-checked`. */
export const switchStyles = css`
  .switch {
    flex: none;
    width: 38px;
    height: 22px;
    border-radius: 999px;
    background: var(--sunken);
    border: 1px solid var(--line-strong);
    position: relative;
    transition: background 120ms;
  }
  .switch::after {
    content: "";
    position: absolute;
    inset: 2px auto 2px 2px;
    width: 16px;
    border-radius: 50%;
    background: var(--line-strong);
    transition: transform 120ms;
  }
  [aria-checked="true"] .switch {
    background: var(--accent);
    border-color: var(--accent);
  }
  [aria-checked="true"] .switch::after {
    transform: translateX(16px);
    background: var(--on-accent);
  }
`;
