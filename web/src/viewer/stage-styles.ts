import { css } from "lit";

/** Of a picture: its canvas, and what lies on it: buttons, a name, what is told in its place. */
export const stageStyles = css`
  .stage {
    position: relative;
    width: 100%;
    height: 100%;
    overflow: hidden;
    touch-action: pan-y;
  }
  .stage:focus-visible {
    outline: 3px solid var(--on-stage);
    outline-offset: -5px;
  }
  .stage.large {
    cursor: grab;
    touch-action: none;
  }
  .tools {
    position: absolute;
    right: 12px;
    bottom: 12px;
    display: flex;
    gap: 6px;
  }
  .tools button {
    min-width: 44px;
    padding: 0 12px;
    background: rgb(6 10 13 / 78%);
    border-color: rgb(255 255 255 / 45%);
    color: var(--on-stage);
  }
  .tools button:hover:not(:disabled) {
    background: rgb(40 48 54 / 92%);
  }
  .tools button:disabled {
    color: rgb(255 255 255 / 45%);
  }
  .tools button:focus-visible {
    outline-color: var(--on-stage);
  }
  .tools [aria-pressed="true"] {
    background: var(--on-stage);
    color: var(--stage);
  }
  .tools [aria-pressed="true"]:hover:not(:disabled) {
    background: #fff;
  }
  .tag {
    position: absolute;
    top: 10px;
    left: 10px;
    padding: 4px 12px;
    border-radius: 999px;
    font-size: 0.8125rem;
    font-weight: 600;
    color: #fff;
    background: rgb(6 10 13 / 78%);
    pointer-events: none;
  }
  .status {
    position: absolute;
    inset: 0;
    display: grid;
    place-content: center;
    padding: 24px;
    color: var(--on-stage);
    text-align: center;
    pointer-events: none;
  }
  canvas {
    display: block;
    width: 100%;
    height: 100%;
    object-fit: contain;
    transform-origin: 0 0;
  }
`;
