/** Formats JSON for terminals: escapes what could move the cursor or reverse the text, which `JSON.stringify` leaves as it is. */
export const printableJson = (value: unknown, indent?: number): string =>
  JSON.stringify(value, null, indent).replaceAll(/[^\P{C}\n]/gu, escapeUnits)

const escapeUnits = (character: string): string =>
  character.replaceAll(/[^]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
