/** Family and given names within a DICOM PN (PS3.5 6.2.1.2): up to three groups, of up to five components each. */

/** Alphabetic, ideographic, phonetic. */
const GROUPS = 3;

/** Family and given name of each group that the name has; of one without any, two empty ones. */
export function nameParts(name: string): [family: string, given: string][] {
  return name
    .split("=")
    .slice(0, GROUPS)
    .map((group) => {
      const [family = "", given = ""] = group.split("^");
      return [family, given];
    });
}

/** A name with these parts; whatever `known` has besides (middle name, prefix, suffix) stays. */
export function nameOf(parts: readonly (readonly [family: string, given: string])[], known = ""): string {
  const groups = known.split("=");
  const named = parts.map(([family, given], at) => {
    const others = (groups[at] ?? "").split("^").slice(2);
    return [plain(family), plain(given), ...others].join("^").replace(/\^+$/, "");
  });
  return named.join("=").replace(/=+$/, "");
}

/** Without what delimits the parts of a name. */
function plain(text: string): string {
  return text.replace(/[\^=\\]/g, " ").replace(/\s+/g, " ").trim();
}
