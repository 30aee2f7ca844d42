import { css } from "lit";

/** Of a page that has nothing to show, or could not be filled. */
export const pageStyles = css`
  problem-note {
    margin: 14px 0;
  }
  .empty {
    margin-top: 14px;
    padding: 48px 24px;
    text-align: center;
    display: grid;
    justify-items: center;
    gap: 6px;
  }
`;
